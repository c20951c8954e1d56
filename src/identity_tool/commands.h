// What each command of `kinode identity` does. Each waits for the disk, and those that open a keyfile for a second or
// two of one core.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "base/result.h"
#include "crypto/secret.h"
#include "identity/sealing.h"

namespace kinode::identity_tool {

/// Gives the password; asked for when it is known that one is needed. `is_new`: it is to be typed twice.
using Password = std::function<Result<crypto::Secret>(bool is_new)>;

struct Creation {
  std::filesystem::path home;
  std::string name;
  std::vector<std::string> routers;
  identity::Sealing sealing = identity::Sealing::normal;
};
/// A home with new keys. Refused where there are some.
Result<void> create(const Creation& wanted, const Password& password, std::ostream& out);

/// `password` is null where none was given: then only what stands there unlocked is shown.
Result<void> show(const std::filesystem::path& home, const Password* password, std::ostream& out);

struct Export {
  std::filesystem::path home;
  std::filesystem::path file;
  identity::Sealing sealing = identity::Sealing::normal;
  /// As the first client's page for importing takes it; else as it lies in its home.
  bool as_base64 = false;
  bool replace = false;
};
Result<void> export_keyfile(const Export& wanted, const Password& password, std::ostream& out);

struct Import {
  std::filesystem::path home;
  std::filesystem::path file;
  bool replace = false;
};
/// Of any form and sealing; it keeps its sealing.
Result<void> import_keyfile(const Import& wanted, const Password& password, std::ostream& out);

struct RecordWanted {
  std::filesystem::path home;
  std::string ip;
  uint16_t tcp_port = 0;
  uint16_t ws_port = 0;
  std::vector<std::string> routers;
};
/// What other nodes' owners put into their peers files.
Result<void> print_record(const RecordWanted& wanted, const Password& password, std::ostream& out);

/// Lists what a peers file holds. Fails, with a line for each, when there is something wrong in it.
Result<void> check_peers(const std::filesystem::path& file, std::ostream& out);

}  // namespace kinode::identity_tool
