#include "modules/http_server/http_exchange.h"

#include <utility>

namespace kinode::modules {

std::string_view path_of(const HttpHead& head) {
  const auto target = head.target();
  std::string_view path(target.data(), target.size());
  path = path.substr(0, path.find('?'));
  if (path.ends_with('/')) {
    path.remove_suffix(1);
  }
  return path;
}

HttpExchange::HttpExchange(HttpRequest request, HttpPeer peer, Deliver deliver)
    : request(std::move(request)), peer(std::move(peer)), deliver_(std::move(deliver)) {}

HttpExchange::~HttpExchange() {
  answer(text_answer(HttpStatus::internal_server_error, "the node gave up this request without an answer"));
}

void HttpExchange::answer(HttpAnswer answer) {
  answer_with([answer = std::move(answer)]() mutable { return std::move(answer); });
}

void HttpExchange::answer_with(MakeAnswer make) {
  if (!answered_.exchange(true)) {
    deliver_(std::move(make));
  }
}

}  // namespace kinode::modules
