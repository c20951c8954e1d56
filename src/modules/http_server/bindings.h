// Bindings: which process serves which path (modules.md 6.1, 6.2).
//
// The path that a process binds lies below its id, `/process:package:publisher/path`; homepage:homepage:sys alone
// binds at the root. A trailing slash does not count. A path that was unbound answers 404 until its process ends, also
// where another binding of that process would match it.
//
// Pages and WebSockets have tables of their own. For a page that nothing matches, the binding of its first segment
// alone counts: where the parts of a page live in the browser, every path is that page.
//
// Any thread. Nothing here lasts: processes bind at every start.
#pragma once

#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "modules/http_server/http_settings.h"
#include "modules/http_server/routes.h"
#include "modules/http_server/static_content.h"
#include "types/address.h"

namespace kinode::modules {

struct PageBinding {
  bool authenticated = false;
  bool local_only = false;
  /// On a host of the package's own: `subdomain_of`. It is authenticated too, by a token of the process's own.
  bool secure = false;
  std::shared_ptr<const StaticContent> content;
};

struct SocketBinding {
  bool authenticated = false;
  bool secure = false;
  /// For a program on this machine that extends the node, which frames of its own are for.
  bool extension = false;
};

/// What serves a path.
template <class Binding>
struct Bound {
  ProcessId process;
  Binding binding;
  /// As it was bound, with the process's id.
  std::string path;
  RouteParameters parameters;
};

class Bindings {
 public:
  explicit Bindings(const HttpSettings& settings) : limits_(settings) {}

  // By the path as the process gives it. An error says which limit it would be over; then nothing has changed.
  Result<void> bind(const ProcessId& process, std::string_view path, PageBinding binding);
  Result<void> bind_socket(const ProcessId& process, std::string_view path, SocketBinding binding);
  /// No effect where nothing is bound.
  void unbind(const ProcessId& process, std::string_view path);
  void unbind_socket(const ProcessId& process, std::string_view path);
  /// All that the process bound and unbound.
  void remove(const ProcessId& process);

  // By the path of a request, as `path_of` gives it.
  [[nodiscard]] std::optional<Bound<PageBinding>> find(std::string_view path) const;
  [[nodiscard]] std::optional<Bound<SocketBinding>> find_socket(std::string_view path) const;

  /// Whether some process has something secure on this host name's first label.
  [[nodiscard]] bool is_secure_subdomain(std::string_view label) const;

 private:
  /// None: unbound.
  template <class Binding>
  using Table = RouteTable<std::optional<Binding>>;
  struct Own {
    explicit Own(ProcessId process) : process(std::move(process)) {}
    ProcessId process;
    Table<PageBinding> pages;
    Table<SocketBinding> sockets;
    size_t content_bytes = 0;
    bool has_secure = false;
  };

  Own& of(const ProcessId& process);
  /// Whether one more may be added.
  Result<void> check_room(const Own& own, const RoutePattern& pattern) const;
  /// None where nothing matches; nothing in it where what matches best was unbound.
  template <class Binding>
  [[nodiscard]] std::optional<std::optional<Bound<Binding>>> best(std::string_view path,
                                                                  Table<Binding> Own::* table) const;

  const HttpSettings& limits_;
  mutable std::shared_mutex mutex_;
  size_t content_bytes_ = 0;
  std::unordered_map<std::string, Own> processes_;  // by id
};

/// The path that a process's path becomes. Of a binding, not of a request.
std::string bound_path(const ProcessId& process, std::string_view path);
/// The same the other way: what of a request's path is the process's own, beginning with a slash.
std::string own_path(const ProcessId& process, std::string_view path);

/// The first label of the host where a package's secure pages are: chess:chess:sys has `chess-sys`.
std::string subdomain_of(const ProcessId& process);

}  // namespace kinode::modules
