#include "modules/http_server/bindings.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace kinode::modules {
namespace {

const ProcessId& homepage() {
  static const ProcessId id("homepage", "homepage", "sys");
  return id;
}

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

/// Up to the second slash.
std::string_view first_segment(std::string_view path) { return path.substr(0, path.find('/', 1)); }

}  // namespace

std::string bound_path(const ProcessId& process, std::string_view path) {
  if (path.ends_with('/')) {
    path.remove_suffix(1);
  }
  std::string whole = process == homepage() ? "" : "/" + process.text();
  if (!path.empty() && !path.starts_with('/')) {
    whole += '/';
  }
  return whole.append(path);
}

std::string own_path(const ProcessId& process, std::string_view path) {
  const std::string prefix = "/" + process.text();
  if (process != homepage() && path.starts_with(prefix)) {
    path.remove_prefix(prefix.size());
  }
  return path.starts_with('/') ? std::string(path) : "/" + std::string(path);
}

std::string subdomain_of(const ProcessId& process) {
  std::string label = fmt::format("{}-{}", process.package(), process.publisher());
  std::ranges::replace_if(label, [](char c) { return !is_letter_or_digit(c); }, '-');
  return label;
}

Bindings::Own& Bindings::of(const ProcessId& process) {
  return processes_.try_emplace(process.text(), process).first->second;
}

Result<void> Bindings::check_room(const Own& own, const RoutePattern& pattern) const {
  if (pattern.text().size() > limits_.bound_path_bytes) {
    return fail("a path to bind has {} bytes; {} are possible", pattern.text().size(), limits_.bound_path_bytes);
  }
  if (pattern.parameters() > limits_.bound_path_parameters) {
    return fail("a path to bind has {} parameters; {} are possible", pattern.parameters(),
                limits_.bound_path_parameters);
  }
  if (own.pages.size() + own.sockets.size() >= limits_.bindings_of_process) {
    return fail("{} has bound or unbound {} paths; more are not possible", own.process.text(),
                limits_.bindings_of_process);
  }
  if (!pattern.is_literal() && own.pages.patterns() + own.sockets.patterns() >= limits_.patterns_of_process) {
    return fail("{} has bound {} paths with parameters; more are not possible", own.process.text(),
                limits_.patterns_of_process);
  }
  return {};
}

Result<void> Bindings::bind(const ProcessId& process, std::string_view path, PageBinding binding) {
  RoutePattern pattern(bound_path(process, path));
  const size_t bytes = binding.content ? binding.content->size() : 0;
  std::unique_lock lock(mutex_);
  Own& own = of(process);
  std::optional<PageBinding>* known = own.pages.find(pattern.text());
  if (known == nullptr) {
    if (Result<void> room = check_room(own, pattern); !room) {
      return room;
    }
  }
  const size_t before = known != nullptr && *known && (*known)->content ? (*known)->content->size() : 0;
  if (own.content_bytes - before + bytes > limits_.content_bytes_of_process) {
    return fail("the content that {} binds would have {} bytes together; {} are possible", process.text(),
                own.content_bytes - before + bytes, limits_.content_bytes_of_process);
  }
  if (content_bytes_ - before + bytes > limits_.all_content_bytes) {
    return fail("the content that all processes bind would have {} bytes; {} are possible",
                content_bytes_ - before + bytes, limits_.all_content_bytes);
  }
  own.content_bytes += bytes - before;
  content_bytes_ += bytes - before;
  own.has_secure = own.has_secure || binding.secure;
  if (known != nullptr) {
    *known = std::move(binding);
  } else {
    own.pages.set(std::move(pattern), std::move(binding));
  }
  return {};
}

Result<void> Bindings::bind_socket(const ProcessId& process, std::string_view path, SocketBinding binding) {
  RoutePattern pattern(bound_path(process, path));
  std::unique_lock lock(mutex_);
  Own& own = of(process);
  if (own.sockets.find(pattern.text()) == nullptr) {
    if (Result<void> room = check_room(own, pattern); !room) {
      return room;
    }
  }
  own.has_secure = own.has_secure || binding.secure;
  own.sockets.set(std::move(pattern), binding);
  return {};
}

void Bindings::unbind(const ProcessId& process, std::string_view path) {
  std::unique_lock lock(mutex_);
  const auto found = processes_.find(process.text());
  if (found == processes_.end()) {
    return;
  }
  Own& own = found->second;
  std::optional<PageBinding>* known = own.pages.find(bound_path(process, path));
  if (known != nullptr && *known) {
    const size_t bytes = (*known)->content ? (*known)->content->size() : 0;
    own.content_bytes -= bytes;
    content_bytes_ -= bytes;
    known->reset();
  }
}

void Bindings::unbind_socket(const ProcessId& process, std::string_view path) {
  std::unique_lock lock(mutex_);
  const auto found = processes_.find(process.text());
  if (found != processes_.end()) {
    if (std::optional<SocketBinding>* known = found->second.sockets.find(bound_path(process, path))) {
      known->reset();
    }
  }
}

void Bindings::remove(const ProcessId& process) {
  std::unique_lock lock(mutex_);
  if (const auto found = processes_.find(process.text()); found != processes_.end()) {
    content_bytes_ -= found->second.content_bytes;
    processes_.erase(found);
  }
}

template <class Binding>
std::optional<std::optional<Bound<Binding>>> Bindings::best(std::string_view path, Table<Binding> Own::* table) const {
  // A path begins with the id of its process; those of the homepage alone may begin otherwise.
  const Own* owner = nullptr;
  std::optional<typename Table<Binding>::Match> match;
  for (const std::string& id : {std::string(first_segment(path)).erase(0, 1), homepage().text()}) {
    const auto found = processes_.find(id);
    if (found == processes_.end() || &found->second == owner) {
      continue;
    }
    auto other = (found->second.*table).match(path);
    if (other && (!match || other->pattern->is_better_than(*match->pattern))) {
      owner = &found->second;
      match = std::move(other);
    }
  }
  if (!match) {
    return std::nullopt;
  }
  std::optional<Bound<Binding>> bound;
  if (const std::optional<Binding>& binding = *match->value) {
    bound.emplace(owner->process, *binding, match->pattern->text(), std::move(match->parameters));
  }
  return bound;
}

std::optional<Bound<PageBinding>> Bindings::find(std::string_view path) const {
  std::shared_lock lock(mutex_);
  auto found = best(path, &Own::pages);
  if (!found) {
    found = best(first_segment(path), &Own::pages);
  }
  return found ? std::move(*found) : std::nullopt;
}

std::optional<Bound<SocketBinding>> Bindings::find_socket(std::string_view path) const {
  std::shared_lock lock(mutex_);
  auto found = best(path, &Own::sockets);
  return found ? std::move(*found) : std::nullopt;
}

bool Bindings::is_secure_subdomain(std::string_view label) const {
  std::shared_lock lock(mutex_);
  return std::ranges::any_of(processes_, [&](const auto& entry) {
    return entry.second.has_secure && subdomain_of(entry.second.process) == label;
  });
}

}  // namespace kinode::modules
