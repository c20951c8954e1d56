// StaticContent: what a process binds with `cache`, served without asking it (modules.md 6.3).
//
// GET and HEAD are answered, with an ETag made of the bytes, and 304 where the client has them. Clients are told to ask
// each time (Cache-Control: no-cache): the process may bind other content at any moment.
//
// Any thread.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "modules/http_server/http_exchange.h"
#include "types/message.h"

namespace kinode::modules {

class StaticContent {
 public:
  /// What the process gave, for a path whose ending tells the type where the process does not. `rests_on` is the
  /// journal's sequence number that must be on disk before anybody is shown it.
  StaticContent(Blob blob, std::string_view path, uint64_t rests_on);

  [[nodiscard]] HttpAnswer answer(const HttpHead& head, bool is_private) const;
  [[nodiscard]] size_t size() const { return bytes_.size(); }
  [[nodiscard]] uint64_t rests_on() const { return rests_on_; }

 private:
  /// Made at the first use, on an I/O thread: hashing a large file would hold up a worker.
  [[nodiscard]] const std::string& tag() const;

  const Bytes bytes_;
  const std::string content_type_;
  const uint64_t rests_on_;
  mutable std::once_flag tag_made_;
  mutable std::string tag_;
};

/// By the ending of the last segment; text/plain where that is not known.
std::string_view content_type_of(std::string_view path);

/// Whether the value of an If-None-Match header names `tag`, or anything.
bool names_tag(std::string_view header, std::string_view tag);

}  // namespace kinode::modules
