#include "types/address.h"

#include <algorithm>

#include "base/check.h"

namespace kinode {
namespace {

bool is_safe_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

}  // namespace

bool is_safe_name(std::string_view name) { return !name.empty() && std::ranges::all_of(name, is_safe_letter); }

bool is_safe_node(std::string_view node) {
  return !node.empty() && std::ranges::all_of(node, [](char c) { return is_safe_letter(c) || c == '.'; });
}

Result<PackageId> PackageId::parse(std::string_view text) {
  if (std::ranges::count(text, ':') > 1) {
    return fail("'{}' is not a package id: Too many colons in PackageId string (expected package:publisher)", text);
  }
  size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) {
    return fail("'{}' is not a package id: Missing field in PackageId string (expected package:publisher)", text);
  }
  return PackageId(std::string(text.substr(0, colon)), std::string(text.substr(colon + 1)));
}

ProcessId::ProcessId(std::string_view process, std::string_view package, std::string_view publisher) {
  KINODE_CHECK(!process.empty() && !package.empty() && !publisher.empty(), "'{}' '{}' '{}'", process, package,
               publisher);
  std::string text;
  text.reserve(process.size() + package.size() + publisher.size() + 2);
  text.append(process).append(":").append(package).append(":").append(publisher);
  size_t hash = std::hash<std::string>{}(text);
  rep_ = std::make_shared<const Rep>(Rep{std::move(text), static_cast<uint32_t>(process.size()),
                                         static_cast<uint32_t>(process.size() + 1 + package.size()), hash});
}

Result<ProcessId> ProcessId::parse(std::string_view text) {
  constexpr std::string_view hint = "(expected process:package:publisher)";
  if (std::ranges::count(text, ':') > 2) {
    return fail("'{}' is not a process id: Too many colons in ProcessId string {}", text, hint);
  }
  size_t first = text.find(':');
  size_t second = first == std::string_view::npos ? first : text.find(':', first + 1);
  if (second == std::string_view::npos || first == 0 || second == first + 1 || second + 1 == text.size()) {
    return fail("'{}' is not a process id: Missing field in ProcessId string {}", text, hint);
  }
  return ProcessId(text.substr(0, first), text.substr(first + 1, second - first - 1), text.substr(second + 1));
}

Result<void> ProcessId::check_name_safe() const {
  if (!is_safe_name(process())) {
    return fail("Process name ({}) can only contain a-z, 0-9, `-`", process());
  }
  if (!is_safe_name(package())) {
    return fail("Package name ({}) can only contain a-z, 0-9, `-`", package());
  }
  if (!is_safe_node(publisher())) {
    return fail("Publisher node ({}) can only contain a-z, 0-9, `-`, `.`", publisher());
  }
  return {};
}

Address::Address(std::string_view node, ProcessId process)
    : node_(std::make_shared<const std::string>(node)), process_(std::move(process)) {}

Result<Address> Address::parse(std::string_view text) {
  constexpr std::string_view hint = "(expected node@process:package:publisher)";
  size_t at = text.find('@');
  if (at == std::string_view::npos || (at == 0 && text.find('@', 1) == std::string_view::npos)) {
    return fail("'{}' is not an address: Node ID missing {}", text, hint);
  }
  if (text.find('@', at + 1) != std::string_view::npos) {
    return fail("'{}' is not an address: Too many `@` chars: only one allowed {}", text, hint);
  }
  Result<ProcessId> process = ProcessId::parse(text.substr(at + 1));
  if (!process) {
    return std::unexpected(process.error().at("address"));
  }
  return Address(text.substr(0, at), std::move(*process));
}

}  // namespace kinode
