#include "modules/http_server/query.h"

#include <algorithm>

#include "base/utf8.h"
#include "crypto/hex.h"

namespace kinode::modules {

std::string percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' && i + 3 <= text.size() ? crypto::from_hex(text.substr(i + 1, 2)) : std::nullopt;
    if (byte) {
      decoded += static_cast<char>(byte->front());
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

std::map<std::string, std::string> parse_query(std::string_view query) {
  std::map<std::string, std::string> pairs;
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) {
      continue;
    }
    const size_t equals = std::min(pair.find('='), pair.size());
    pairs.insert_or_assign(to_utf8(percent_decode(pair.substr(0, equals))),
                           to_utf8(percent_decode(pair.substr(std::min(equals + 1, pair.size())))));
  }
  return pairs;
}

std::string_view query_of(const HttpHead& head) {
  const std::string_view target = head.target();
  const size_t question = target.find('?');
  return question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
}

bool is_local_target(std::string_view target) {
  const bool plain = std::ranges::all_of(target, [](char c) { return c > ' ' && c < 0x7f && c != '\\'; });
  return plain && target.starts_with('/') && !target.starts_with("//");
}

}  // namespace kinode::modules
