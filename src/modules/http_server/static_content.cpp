#include "modules/http_server/static_content.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <span>
#include <utility>

#include "crypto/hex.h"
#include "crypto/sha256.h"

namespace kinode::modules {
namespace {

using boost::beast::iequals;
using boost::beast::http::field;

/// Enough of the hash that no two contents have the same tag.
constexpr size_t tag_bytes = 16;

constexpr std::pair<std::string_view, std::string_view> types[] = {
    {"css", "text/css"},          {"csv", "text/csv"},        {"gif", "image/gif"},
    {"html", "text/html"},        {"ico", "image/x-icon"},    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},        {"js", "text/javascript"},  {"json", "application/json"},
    {"map", "application/json"},  {"mjs", "text/javascript"}, {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},         {"otf", "font/otf"},        {"pdf", "application/pdf"},
    {"png", "image/png"},         {"svg", "image/svg+xml"},   {"ttf", "font/ttf"},
    {"wasm", "application/wasm"}, {"webm", "video/webm"},     {"webmanifest", "application/manifest+json"},
    {"webp", "image/webp"},       {"woff", "font/woff"},      {"woff2", "font/woff2"},
    {"xml", "application/xml"},   {"zip", "application/zip"},
};

}  // namespace

std::string_view content_type_of(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const size_t dot = name.rfind('.');
  if (dot != std::string_view::npos) {
    for (const auto& [ending, type] : types) {
      if (iequals(name.substr(dot + 1), ending)) {
        return type;
      }
    }
  }
  return "text/plain";
}

bool names_tag(std::string_view header, std::string_view tag) {
  while (!header.empty()) {
    const size_t comma = std::min(header.find(','), header.size());
    std::string_view item = header.substr(0, comma);
    header.remove_prefix(std::min(comma + 1, header.size()));
    while (item.starts_with(' ') || item.starts_with('\t')) {
      item.remove_prefix(1);
    }
    while (item.ends_with(' ') || item.ends_with('\t')) {
      item.remove_suffix(1);
    }
    if (item.starts_with("W/")) {
      item.remove_prefix(2);
    }
    if (item == "*" || item == tag) {
      return true;
    }
  }
  return false;
}

StaticContent::StaticContent(Blob blob, std::string_view path, uint64_t rests_on)
    : bytes_(std::move(blob.bytes)),
      content_type_(blob.mime.value_or(std::string(content_type_of(path)))),
      rests_on_(rests_on) {}

const std::string& StaticContent::tag() const {
  std::call_once(tag_made_, [this] {
    const crypto::Sha256Digest hash = crypto::sha256(bytes_.span());
    tag_ = '"' + crypto::to_hex(std::span(hash).first(tag_bytes)) + '"';
  });
  return tag_;
}

HttpAnswer StaticContent::answer(const HttpHead& head, bool is_private) const {
  HttpAnswer answer{.headers = {{"ETag", tag()}, {"Cache-Control", is_private ? "private, no-cache" : "no-cache"}}};
  if (names_tag(head[field::if_none_match], tag())) {
    answer.status = HttpStatus::not_modified;
    return answer;
  }
  answer.content_type = content_type_;
  answer.body = bytes_;
  return answer;
}

}  // namespace kinode::modules
