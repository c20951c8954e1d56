// What kit asks of main:app-store:sys (packages-and-kit.md 2.2, 2.6).
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "kit/rpc_client.h"
#include "package/metadata.h"
#include "types/address.h"

namespace kinode::kit {

class AppStore {
 public:
  explicit AppStore(const RpcClient& client) : client_(client) {}

  /// Hands over a package's zip.
  [[nodiscard]] Result<void> new_package(const PackageId& package, const Bytes& zip) const;
  /// Installs and starts what was handed over, of which `version_hash` is the SHA-256.
  [[nodiscard]] Result<void> install(const PackageId& package, const std::string& version_hash,
                                     const package::Metadata& metadata) const;
  [[nodiscard]] Result<void> uninstall(const PackageId& package) const;

 private:
  /// Sends `body` and wants `{answer: "Success"}`.
  [[nodiscard]] Result<void> ask(const std::string& body, std::string_view answer, std::optional<Blob> blob) const;

  const RpcClient& client_;
};

}  // namespace kinode::kit
