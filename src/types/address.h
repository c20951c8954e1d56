// Names: who a process is and where.
//
//   PackageId   package:publisher
//   ProcessId   process:package:publisher
//   Address     node@process:package:publisher
//
// Two checks exist, and they are separate on purpose (kernel.md 1.2, 1.3). `parse` is structural: the
// separators in their number and no part empty; any other character is accepted, as from the wire.
// `is_name_safe` is the alphabet that a process needs to live on this node.
//
// All are values, compared byte by byte. ProcessId and Address share one immutable text, so a copy
// costs a reference count.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kinode {

/// One or more of a-z, 0-9, '-': a process or package name.
bool is_safe_name(std::string_view name);
/// The same and '.': a node or publisher.
bool is_safe_node(std::string_view node);

class PackageId {
 public:
  PackageId(std::string package, std::string publisher)
      : package_(std::move(package)), publisher_(std::move(publisher)) {}
  static Result<PackageId> parse(std::string_view text);

  [[nodiscard]] const std::string& package() const { return package_; }
  [[nodiscard]] const std::string& publisher() const { return publisher_; }
  [[nodiscard]] std::string text() const { return package_ + ":" + publisher_; }
  [[nodiscard]] bool is_name_safe() const { return is_safe_name(package_) && is_safe_node(publisher_); }

  friend auto operator<=>(const PackageId&, const PackageId&) = default;

 private:
  std::string package_;
  std::string publisher_;
};

class ProcessId {
 public:
  /// The parts must not be empty and hold no ':'.
  ProcessId(std::string_view process, std::string_view package, std::string_view publisher);
  static Result<ProcessId> parse(std::string_view text);

  [[nodiscard]] std::string_view process() const { return part(0, rep_->first_colon); }
  [[nodiscard]] std::string_view package() const { return part(rep_->first_colon + 1, rep_->second_colon); }
  [[nodiscard]] std::string_view publisher() const { return part(rep_->second_colon + 1, rep_->text.size()); }
  [[nodiscard]] PackageId package_id() const { return {std::string(package()), std::string(publisher())}; }
  [[nodiscard]] const std::string& text() const { return rep_->text; }
  [[nodiscard]] size_t hash() const { return rep_->hash; }

  /// Ok, or which part has which letters it must not have.
  [[nodiscard]] Result<void> check_name_safe() const;
  [[nodiscard]] bool is_name_safe() const { return check_name_safe().has_value(); }

  friend bool operator==(const ProcessId& a, const ProcessId& b) {
    return a.rep_ == b.rep_ || (a.rep_->hash == b.rep_->hash && a.rep_->text == b.rep_->text);
  }
  friend std::strong_ordering operator<=>(const ProcessId& a, const ProcessId& b) { return a.text() <=> b.text(); }

 private:
  struct Rep {
    std::string text;
    uint32_t first_colon;
    uint32_t second_colon;
    size_t hash;
  };
  explicit ProcessId(std::shared_ptr<const Rep> rep) : rep_(std::move(rep)) {}
  [[nodiscard]] std::string_view part(size_t begin, size_t end) const {
    return std::string_view(rep_->text).substr(begin, end - begin);
  }
  std::shared_ptr<const Rep> rep_;
};

class Address {
 public:
  Address(std::string_view node, ProcessId process);
  static Result<Address> parse(std::string_view text);

  [[nodiscard]] const std::string& node() const { return *node_; }
  [[nodiscard]] const ProcessId& process() const { return process_; }
  [[nodiscard]] std::string text() const { return *node_ + "@" + process_.text(); }
  /// The same process id on the node of `other`.
  [[nodiscard]] Address at_node_of(const Address& other) const { return {other.node_, process_}; }
  /// Another process on the same node.
  [[nodiscard]] Address neighbour(ProcessId process) const { return {node_, std::move(process)}; }

  friend bool operator==(const Address& a, const Address& b) {
    return a.process_ == b.process_ && (a.node_ == b.node_ || *a.node_ == *b.node_);
  }
  friend std::strong_ordering operator<=>(const Address& a, const Address& b) { return a.text() <=> b.text(); }

 private:
  Address(std::shared_ptr<const std::string> node, ProcessId process)
      : node_(std::move(node)), process_(std::move(process)) {}

  std::shared_ptr<const std::string> node_;
  ProcessId process_;
};

}  // namespace kinode

template <>
struct std::hash<kinode::ProcessId> {
  size_t operator()(const kinode::ProcessId& id) const noexcept { return id.hash(); }
};
template <>
struct std::hash<kinode::Address> {
  size_t operator()(const kinode::Address& address) const noexcept {
    return address.process().hash() ^ (std::hash<std::string>{}(address.node()) * 31);
  }
};
template <>
struct std::hash<kinode::PackageId> {
  size_t operator()(const kinode::PackageId& id) const noexcept { return std::hash<std::string>{}(id.text()); }
};
