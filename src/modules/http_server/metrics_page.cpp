#include "modules/http_server/metrics_page.h"

#include "modules/http_server/local_guard.h"

namespace kinode::modules {

std::expected<size_t, HttpAnswer> MetricsPage::admit(const HttpHead& head, const HttpPeer& peer) const {
  if (auto local = check_local_program(head, peer); !local) {
    return std::unexpected(text_answer(HttpStatus::forbidden, local.error().message));
  }
  if (head.method() != boost::beast::http::verb::get) {
    return std::unexpected(text_answer(HttpStatus::method_not_allowed, "the metrics can only be read, with GET"));
  }
  return 0;
}

void MetricsPage::handle(HttpExchange& exchange) const {
  exchange.answer_with([write = write_] {
    return HttpAnswer{HttpStatus::ok, "text/plain; version=0.0.4; charset=utf-8", Bytes::from(write())};
  });
}

}  // namespace kinode::modules
