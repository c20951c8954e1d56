#include "wire/registry_fields.h"

#include <limits>

namespace kinode::wire {

std::string RegistryFields::text() {
  const std::string_view text = reader_.string();
  if (text.size() > max_text_size) {
    excess_ = "a name, key or address has at most 253 bytes";
    return {};
  }
  return std::string(text);
}

std::vector<std::string> RegistryFields::texts() {
  std::vector<std::string> texts;
  reader_.each([&] {
    std::string next = text();
    if (texts.size() == max_list_size) {
      excess_ = "a list of an entry has at most 64 values";
    } else {
      texts.push_back(std::move(next));
    }
  });
  return texts;
}

std::map<std::string, uint16_t> RegistryFields::ports() {
  std::map<std::string, uint16_t> ports;
  for (uint32_t left = reader_.map(); left > 0 && !reader_.failed(); --left) {
    std::string protocol = text();
    const uint64_t port = reader_.u64();
    if (port > std::numeric_limits<uint16_t>::max()) {
      reader_.fail_with("a port is a number below 65536");
    } else if (ports.size() == max_list_size && !ports.contains(protocol)) {
      excess_ = "an entry has at most 64 ports";
    } else {
      ports[std::move(protocol)] = static_cast<uint16_t>(port);
    }
  }
  return ports;
}

void RegistryFields::insist() {
  if (!excess_.empty()) {
    reader_.fail_with(excess_);
  }
}

void pack_texts(codec::MsgpackWriter& writer, const std::vector<std::string>& texts) {
  writer.array(static_cast<uint32_t>(texts.size()));
  for (const std::string& text : texts) {
    writer.string(text);
  }
}

void pack_ports(codec::MsgpackWriter& writer, const std::map<std::string, uint16_t>& ports) {
  writer.map(static_cast<uint32_t>(ports.size()));
  for (const auto& [protocol, port] : ports) {
    writer.string(protocol);
    writer.u64(port);
  }
}

}  // namespace kinode::wire
