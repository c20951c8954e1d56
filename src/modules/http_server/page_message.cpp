#include "modules/http_server/page_message.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <map>

#include "codec/json.h"
#include "modules/http_server/cookies.h"
#include "modules/http_server/query.h"

namespace kinode::modules {
namespace {

using boost::beast::iequals;

constexpr codec::JsonLimits response_limits{.size = size_t{1} << 20};

/// A final answer: not one that announces another.
constexpr uint64_t first_final_status = 200;
constexpr uint64_t last_status = 999;

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return result;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= ' ' && c <= '~') || c == '\t'; });
}

std::map<std::string, std::string> headers_of(const HttpHead& head) {
  std::map<std::string, std::string> headers;
  for (const auto& field : head) {
    std::string name = lower(field.name_string());
    std::string value(field.value());
    if (!is_ascii(value)) {
      value.clear();
    }
    if (name == "cookie") {
      value = without_node_cookies(value);
      if (value.empty()) {
        continue;
      }
    }
    const std::string_view separator = name == "cookie" ? "; " : ", ";
    auto [known, is_new] = headers.try_emplace(std::move(name), value);
    if (!is_new) {
      known->second.append(separator).append(value);
    }
  }
  return headers;
}

bool is_token(std::string_view name) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || marks.contains(c);
  });
}

bool is_header_value(std::string_view value) {
  return std::ranges::all_of(value,
                             [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != 0x7f); });
}

/// What frames the message on its connection.
bool is_of_connection(std::string_view name) {
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{"Connection", "Content-Length", "Keep-Alive", "Proxy-Connection", "TE",
                                              "Trailer", "Transfer-Encoding", "Upgrade"},
      [&](std::string_view known) { return iequals(name, known); });
}

void add_header(const std::string& name, const std::string& value, HttpAnswer& answer) {
  if (!is_token(name) || !is_header_value(value) || is_of_connection(name)) {
    return;
  }
  if (iequals(name, "Content-Type")) {
    answer.content_type = value;
  } else if (!iequals(name, "Set-Cookie") || !value.starts_with(node_cookie_prefix)) {
    answer.headers.emplace_back(name, value);
  }
}

Result<std::vector<std::string>> read_values(const codec::JsonReader& reader) {
  if (reader.value().is_array()) {
    return reader.list(&codec::JsonReader::string);
  }
  auto value = reader.string();
  return value ? Result<std::vector<std::string>>({std::move(*value)}) : std::unexpected(value.error());
}

}  // namespace

std::string write_page_request(const HttpHead& head, const HttpPeer& peer, std::string_view host,
                               const std::string& bound_path, const RouteParameters& parameters) {
  nlohmann::ordered_json http;
  http["source_socket_addr"] = fmt::format("{}:{}", peer.address().to_string(), peer.port());
  http["method"] = std::string(head.method_string());
  http["url"] = fmt::format("http://{}{}", host, path_of(head));
  http["bound_path"] = bound_path;
  http["headers"] = headers_of(head);
  http["url_params"] = parameters;
  http["query_params"] = parse_query(query_of(head));
  nlohmann::ordered_json message;
  message["Http"] = std::move(http);
  return codec::to_text(message);
}

Result<HttpAnswer> read_page_response(std::string_view json, const std::optional<Blob>& blob) {
  Result<nlohmann::json> tree = codec::parse_json(json, response_limits);
  if (!tree) {
    return std::unexpected(tree.error());
  }
  auto fields = codec::JsonReader(*tree).fields({"status", "headers"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  auto status = (*fields)["status"].u64();
  auto headers = (*fields)["headers"].map(read_values);
  if (auto error = codec::first_error(status, headers)) {
    return std::unexpected(*error);
  }
  if (*status < first_final_status || *status > last_status) {
    return (*fields)["status"].error("must be from 200 to 999");
  }
  HttpAnswer answer{.status = static_cast<HttpStatus>(*status), .content_type = "application/octet-stream"};
  if (blob) {
    answer.body = blob->bytes;
  }
  for (const auto& [name, values] : *headers) {
    for (const std::string& value : values) {
      add_header(name, value, answer);
    }
  }
  return answer;
}

}  // namespace kinode::modules
