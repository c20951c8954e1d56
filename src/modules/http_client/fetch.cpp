#include "modules/http_client/fetch.h"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/beast/core/string.hpp>
#include <exception>
#include <utility>

namespace kinode::modules::http_client {
namespace {

namespace asio = boost::asio;

bool is_redirect(unsigned status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

void remove(Headers& headers, std::initializer_list<std::string_view> names) {
  std::erase_if(headers, [&](const auto& header) {
    return std::ranges::any_of(names, [&](std::string_view name) { return boost::beast::iequals(header.first, name); });
  });
}

/// RFC 9110, 15.4: what a redirect makes of the method. For 301 and 302 as all browsers do it.
bool becomes_get(unsigned status, std::string_view method) {
  return status == 303 ? method != "GET" && method != "HEAD" : (status == 301 || status == 302) && method == "POST";
}

}  // namespace

Fetch::Fetch(std::shared_ptr<asio::io_context> io, Shared& shared, IdleConnections& idle, Caller caller,
             HttpAction action, Bytes body, Connection::Deadline deadline)
    : io_(std::move(io)),
      shared_(shared),
      idle_(idle),
      caller_(std::move(caller)),
      deadline_(deadline),
      request_{std::move(action.method), action.version, std::move(action.url), std::move(action.headers),
               std::move(body)},
      share_(shared.room) {}

void Fetch::start(Done done) {
  done_ = std::move(done);
  asio::co_spawn(*io_, run(shared_from_this()), asio::detached);
}

void Fetch::cancel() {
  cancelled_ = true;
  if (connection_) {
    connection_->close();
  }
}

Awaitable<void> Fetch::run(std::shared_ptr<Fetch> self) {
  Result<FetchReply> reply = fail("the node has no memory for this request");
  try {
    reply = co_await self->follow();
  } catch (const std::exception& exception) {  // above all std::bad_alloc
    reply = fail("the node could not carry this out: {}", exception.what());
  }
  const Done done = std::move(self->done_);
  done(reply);
}

Awaitable<Result<FetchReply>> Fetch::follow() {
  for (int hops = 0; hops <= shared_.settings.redirects; ++hops) {
    Result<HopReply> reply = co_await hop();
    if (!reply) {
      co_return std::unexpected(reply.error().at(request_.url.origin()));
    }
    Result<bool> goes_on = redirect(*reply);
    if (!goes_on) {
      co_return std::unexpected(goes_on.error());
    }
    if (!*goes_on) {
      co_return FetchReply{reply->status, std::move(reply->headers), Bytes::from(std::move(reply->body))};
    }
  }
  co_return fail("more than {} redirects, the last to {}", shared_.settings.redirects, request_.url.origin());
}

Awaitable<Result<HopReply>> Fetch::hop() {
  connection_ = idle_.take(caller_, request_.url.origin());
  bool is_kept = connection_ != nullptr;
  while (!cancelled_) {
    if (!is_kept) {
      Result<void> connected = co_await connect();
      if (!connected) {
        co_return std::unexpected(connected.error());
      }
    }
    connection_->stream.tcp().expires_at(deadline_);
    auto reply = co_await exchange(*connection_, request_, shared_, share_);
    if (!reply && reply.error().without_answer && is_kept && may_be_repeated()) {
      is_kept = false;
      continue;
    }
    if (!reply) {
      co_return fail("{}", reply.error().text);
    }
    if (reply->keeps_open && !cancelled_) {
      idle_.put(caller_, request_.url.origin(), std::move(connection_));
    }
    connection_ = nullptr;
    co_return std::move(*reply);
  }
  co_return fail("it was given up");
}

Awaitable<Result<void>> Fetch::connect() {
  connection_ = std::make_shared<Connection>(io_, shared_);
  co_return co_await connection_->open(request_.url, caller_, deadline_);
}

bool Fetch::may_be_repeated() const {
  constexpr std::array idempotent = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"};  // RFC 9110, 9.2.2
  return std::ranges::find(idempotent, request_.method) != idempotent.end();
}

Result<bool> Fetch::redirect(const HopReply& reply) {
  const std::string* location = is_redirect(reply.status) ? reply.header("location") : nullptr;
  if (location == nullptr) {
    return false;
  }
  Result<Url> next = request_.url.resolve(*location);
  if (!next) {
    return fail("{} redirects to `{}`: {}", request_.url.origin(), *location, next.error().message);
  }
  if (request_.url.is_secure() && !next->is_secure()) {
    return fail("{} redirects to {}, which anybody on the way can read: ask for that yourself if it is meant",
                request_.url.origin(), next->origin());
  }
  remove(request_.headers, {"host"});
  if (next->origin() != request_.url.origin()) {
    remove(request_.headers, {"authorization", "cookie", "cookie2", "proxy-authorization", "www-authenticate"});
  }
  if (becomes_get(reply.status, request_.method)) {
    request_.method = "GET";
    request_.body = Bytes();
    remove(request_.headers, {"content-type", "content-encoding", "content-language", "content-location"});
  }
  request_.url = std::move(*next);
  return true;
}

}  // namespace kinode::modules::http_client
