// Record: what a node says of itself to others, signed with its key, as text in TOML: in a peers file, and
// in the folder of a development network.
//
//   [[node]]
//   name = "b.os"
//   key = "0x29ac…"          # Ed25519
//   ip = "192.0.2.7"          # with tcp, ws or both; or:
//   tcp = 10000
//   routers = ["r.os"]        # names of nodes that pass connections on
//   issued = 1764000000       # seconds since 1970; of two records the later one counts
//   signature = "…"           # of all this, by the key
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/ed25519.h"
#include "types/identity.h"

namespace kinode::registry {

struct Record {
  Identity identity;
  uint64_t issued = 0;
};

/// An IPv4 or IPv6 address, as text: what a record's `ip` must be.
bool is_address(const std::string& text);

/// The text of a record that `key` signs; the identity's networking key is set to its public one. Of an
/// identity that could not be read again (registry.h: check; is_address) nothing good is made.
std::string write_record(Record record, const crypto::SigningKey& key);

/// The records of a text. One that is wrong, or whose signature is, is left out, with an
/// error that names its place; of several for one name the latest stays.
struct Records {
  std::vector<Identity> identities;
  std::vector<Error> errors;
};
Result<Records> read_records(std::string_view text, std::string_view source_name);

}  // namespace kinode::registry
