#include "kinode/types.h"

#include <array>

namespace kinode {

namespace {

/// Splits into exactly `count` parts, none of them empty.
template <size_t count>
std::optional<std::array<std::string_view, count>> split(std::string_view text, char separator) {
  std::array<std::string_view, count> parts;
  for (size_t i = 0; i < count; ++i) {
    const bool last = i + 1 == count;
    const size_t end = text.find(separator);
    if (last != (end == std::string_view::npos)) return std::nullopt;
    parts[i] = text.substr(0, end);
    if (parts[i].empty()) return std::nullopt;
    if (!last) text.remove_prefix(end + 1);
  }
  return parts;
}

bool is_safe_name(std::string_view name, bool dots) {
  for (char c : name) {
    const bool safe = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || (dots && c == '.');
    if (!safe) return false;
  }
  return !name.empty();
}

}  // namespace

std::optional<PackageId> PackageId::parse(std::string_view text) {
  const auto parts = split<2>(text, ':');
  if (!parts) return std::nullopt;
  return PackageId{std::string((*parts)[0]), std::string((*parts)[1])};
}

std::string PackageId::text() const { return package_name + ':' + publisher_node; }

bool PackageId::is_safe() const { return is_safe_name(package_name, false) && is_safe_name(publisher_node, true); }

std::optional<ProcessId> ProcessId::parse(std::string_view text) {
  const auto parts = split<3>(text, ':');
  if (!parts) return std::nullopt;
  return ProcessId{std::string((*parts)[0]), std::string((*parts)[1]), std::string((*parts)[2])};
}

std::string ProcessId::text() const { return process_name + ':' + package_name + ':' + publisher_node; }

std::optional<Address> Address::parse(std::string_view text) {
  const auto parts = split<2>(text, '@');
  if (!parts) return std::nullopt;
  auto process = ProcessId::parse((*parts)[1]);
  if (!process) return std::nullopt;
  return Address{std::string((*parts)[0]), std::move(*process)};
}

Address Address::local(std::string_view process) {
  auto id = ProcessId::parse(process);
  if (!id) __builtin_trap();
  return {"our", std::move(*id)};
}

std::string Address::text() const { return node + '@' + process.text(); }

const Bytes& Message::body() const { return is_request() ? request()->body : response()->body; }

const std::optional<std::string>& Message::metadata() const {
  return is_request() ? request()->metadata : response()->metadata;
}

const std::vector<Capability>& Message::capabilities() const {
  return is_request() ? request()->capabilities : response()->capabilities;
}

bool Message::expects_response() const { return is_request() && request()->expects_response.has_value(); }

}  // namespace kinode
