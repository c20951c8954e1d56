// The fields that identities and registry entries share, with their bounds. Of this room alone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "codec/msgpack.h"

namespace kinode::wire {

/// Of names, keys, addresses and protocols.
constexpr size_t max_text_size = 253;
/// Of an entry's addresses, ports and routers.
constexpr size_t max_list_size = 64;

/// Reads fields that may be well-formed and yet break a bound: then reading goes on, and who reads decides.
class RegistryFields {
 public:
  explicit RegistryFields(codec::MsgpackReader& reader) : reader_(reader) {}

  std::string text();
  std::vector<std::string> texts();
  std::map<std::string, uint16_t> ports();

  /// Empty while all is within bounds.
  [[nodiscard]] std::string_view excess() const { return excess_; }
  /// Makes the read fail where a bound was broken.
  void insist();

 private:
  codec::MsgpackReader& reader_;
  std::string_view excess_;
};

void pack_texts(codec::MsgpackWriter& writer, const std::vector<std::string>& texts);
void pack_ports(codec::MsgpackWriter& writer, const std::map<std::string, uint16_t>& ports);

}  // namespace kinode::wire
