// Links, handshake and channel over real sockets of this machine.
#include "transport/channel.h"

#include <gmock/gmock.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "transport/deadline.h"
#include "transport/handshake.h"
#include "transport/test_links.h"

namespace kinode::transport {
namespace {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using ::testing::HasSubstr;

class Channels : public testing::Links {
 protected:
  Credentials a() const { return {"a.dev", key_a_}; }
  Credentials b() const { return {"b.dev", key_b_}; }
  FindKey know(std::string name, const crypto::PublicKey& key) const {
    return [name, key](std::string_view asked) { return asked == name ? std::optional(key) : std::nullopt; };
  }

  Awaitable<Secured> respond_as_b(std::shared_ptr<Link> link, FindKey find_key) {
    Result<std::span<const uint8_t>> first = co_await link->read_packet();
    if (!first) {
      co_return std::unexpected(first.error());
    }
    co_return co_await respond(link, b(), *first, find_key);
  }

  /// The handshake of a.dev, which dialled, with b.dev.
  asio::awaitable<std::tuple<Result<Secured>, Result<Secured>>> shake_hands(std::shared_ptr<Link> dialled,
                                                                            std::shared_ptr<Link> accepted,
                                                                            FindKey find_key) {
    co_return co_await (initiate(dialled, a(), "b.dev", key_b_.public_key(), true) &&
                        close_if_refused(accepted, respond_as_b(accepted, find_key)));
  }
  static Awaitable<Secured> close_if_refused(std::shared_ptr<Link> link, Awaitable<Secured> handshake) {
    Result<Secured> secured = co_await std::move(handshake);
    if (!secured) {
      link->close();
    }
    co_return secured;
  }
  asio::awaitable<std::pair<Channel, Channel>> channels() {
    auto [dialled, accepted] = co_await connect(GetParam());
    auto [ours, theirs] = co_await shake_hands(dialled, accepted, know("a.dev", key_a_.public_key()));
    EXPECT_TRUE(ours && theirs);
    co_return std::pair(std::move(ours->channel), std::move(theirs->channel));
  }

  const crypto::SigningKey key_a_ = crypto::SigningKey::generate();
  const crypto::SigningKey key_b_ = crypto::SigningKey::generate();
};

Bytes pattern(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) {
    text[i] = static_cast<char>(i * 31 + i / 251);
  }
  return Bytes::from(std::move(text));
}

Awaitable<void> send(Channel& channel, const Bytes& message) {
  // In two parts, as a message with a blob is.
  const size_t middle = message.size() / 3;
  Result<void> written = co_await channel.write(message.slice(0, middle).span(), message.slice(middle).span());
  if (!written) {
    co_return written;
  }
  co_return co_await channel.flush();
}

TEST_P(Channels, TheTwoSidesProveTheirNames) {
  run([&]() -> asio::awaitable<void> {
    auto [dialled, accepted] = co_await connect(GetParam());
    auto [ours, theirs] = co_await shake_hands(dialled, accepted, know("a.dev", key_a_.public_key()));
    EXPECT_TRUE(ours) << ours.error().message;
    EXPECT_TRUE(theirs) << theirs.error().message;
    EXPECT_EQ(ours->peer, "b.dev");
    EXPECT_EQ(theirs->peer, "a.dev");
    EXPECT_TRUE(theirs->proxy_request);
    EXPECT_TRUE(ours->features && theirs->features);
  });
}

TEST_P(Channels, ANodeWithAnotherKeyIsRefused) {
  run([&]() -> asio::awaitable<void> {
    auto [dialled, accepted] = co_await connect(GetParam());
    auto [ours, theirs] = co_await shake_hands(dialled, accepted, know("a.dev", key_b_.public_key()));
    EXPECT_THAT(theirs.error().message, HasSubstr("the signature is not"));
  });
}

TEST_P(Channels, ANodeThatIsNotKnownIsRefused) {
  run([&]() -> asio::awaitable<void> {
    auto [dialled, accepted] = co_await connect(GetParam());
    auto [ours, theirs] = co_await shake_hands(dialled, accepted, know("c.dev", key_a_.public_key()));
    EXPECT_THAT(theirs.error().message, HasSubstr("a node that is not known here"));
  });
}

TEST_P(Channels, B23_ANodeThatIsNotTheOneDialledIsRefused) {
  run([&]() -> asio::awaitable<void> {
    auto [dialled, accepted] = co_await connect(GetParam());
    auto initiator = initiate(dialled, a(), "c.dev", key_b_.public_key(), false);
    auto [ours, theirs] = co_await (close_if_refused(dialled, std::move(initiator)) &&
                                    respond_as_b(accepted, know("a.dev", key_a_.public_key())));
    EXPECT_THAT(ours.error().message, HasSubstr("b.dev, a node that is not known"));
    EXPECT_FALSE(theirs);
  });
}

TEST_P(Channels, MessagesOfAllSizesArriveWhole) {
  run([&]() -> asio::awaitable<void> {
    auto [ours, theirs] = co_await channels();
    for (const size_t size : {size_t{1}, size_t{3}, size_t{65'515}, size_t{65'516}, size_t{65'519}, size_t{65'520},
                              size_t{131'038}, Channel::message_limit}) {
      const Bytes message = pattern(size);
      auto [there, sent] = co_await (theirs.read() && send(ours, message));
      EXPECT_TRUE(sent);
      EXPECT_TRUE(there) << there.error().message;
      EXPECT_EQ(*there, message) << size;
      auto [back, answered] = co_await (ours.read() && send(theirs, message));
      EXPECT_EQ(*back, message) << size;
    }
  });
}

TEST_P(Channels, ManySmallMessagesShareAFlush) {
  run([&]() -> asio::awaitable<void> {
    auto [ours, theirs] = co_await channels();
    for (int i = 0; i < 1'000; ++i) {
      EXPECT_TRUE(co_await ours.write(pattern(i % 50 + 1).span(), {}));
    }
    EXPECT_TRUE(co_await ours.flush());
    for (int i = 0; i < 1'000; ++i) {
      Result<Bytes> message = co_await theirs.read();
      if (!message) {
        ADD_FAILURE() << message.error().message;
        co_return;
      }
      EXPECT_EQ(*message, pattern(i % 50 + 1));
    }
  });
}

TEST_P(Channels, AnAlteredChunkEndsTheChannel) {
  run([&]() -> asio::awaitable<void> {
    auto [ours, theirs] = co_await channels();
    EXPECT_TRUE(co_await send(ours, pattern(100)));
    EXPECT_TRUE(co_await theirs.read());
    if (GetParam() == Protocol::tcp) {
      ours.link().add_length(84);
    }
    std::ranges::fill(ours.link().add_packet(100), uint8_t{7});
    EXPECT_TRUE(co_await ours.link().flush());
    EXPECT_THAT((co_await theirs.read()).error().message, HasSubstr("altered"));
  });
}

TEST_P(Channels, AStrangersPacketIsBounded) {
  run([&]() -> asio::awaitable<void> {
    auto [dialled, accepted] = co_await connect(GetParam());
    dialled->add_packet(Link::stranger_packet_limit + 1);
    EXPECT_TRUE(co_await dialled->flush());
    EXPECT_FALSE(co_await accepted->read_packet());
  });
}

TEST_P(Channels, ASilentStrangerIsClosedWhenItsTimeIsOver) {
  run([&]() -> asio::awaitable<void> {
    auto [dialled, accepted] = co_await connect(GetParam());
    const Deadline deadline(accepted, std::chrono::steady_clock::now() + 20ms);
    EXPECT_FALSE(co_await accepted->read_packet());
    EXPECT_FALSE(co_await dialled->read_packet());
  });
}

TEST_P(Channels, ARelayPassesOnBothWaysUntilOneEnds) {
  run([&]() -> asio::awaitable<void> {
    auto [a_out, a_in] = co_await connect(GetParam());
    auto [b_out, b_in] = co_await connect(GetParam());
    size_t passed = 0;
    const std::function<void(size_t)> moved = [&](size_t size) { passed += size; };
    auto talk = [&]() -> asio::awaitable<void> {
      auto [ours, theirs] = co_await shake_hands(a_out, b_out, know("a.dev", key_a_.public_key()));
      EXPECT_TRUE(ours && theirs);
      const Bytes message = pattern(200'000);
      auto [there, sent] = co_await (theirs->channel.read() && send(ours->channel, message));
      EXPECT_EQ(*there, message);
      a_out->close();
      EXPECT_FALSE(co_await theirs->channel.read());
    };
    a_in->limit_packets(Link::packet_limit);
    b_in->limit_packets(Link::packet_limit);
    co_await (a_in->relay_to(*b_in, moved) && b_in->relay_to(*a_in, moved) && talk());
    EXPECT_GT(passed, 200'000U);
  });
}

INSTANTIATE_TEST_SUITE_P(Both, Channels, ::testing::Values(Protocol::tcp, Protocol::websocket),
                         [](const auto& info) { return std::string(name_of(info.param)); });

// ---- TCP alone ------------------------------------------------------------------------------------

class TcpChannels : public Channels {};
INSTANTIATE_TEST_SUITE_P(Tcp, TcpChannels, ::testing::Values(Protocol::tcp));

TEST_P(TcpChannels, B10_ALengthOverTheLimitIsRefusedBeforeAnythingIsReserved) {
  run([&]() -> asio::awaitable<void> {
    auto [ours, theirs] = co_await channels();
    ours.link().add_length(Channel::message_limit + 1);
    EXPECT_TRUE(co_await ours.link().flush());
    EXPECT_THAT((co_await theirs.read()).error().message, HasSubstr("10485801 bytes was announced"));
  });
}

// ---- dialling and listening -----------------------------------------------------------------------

class Listening : public testing::Links {};
INSTANTIATE_TEST_SUITE_P(Both, Listening, ::testing::Values(Protocol::tcp, Protocol::websocket),
                         [](const auto& info) { return std::string(name_of(info.param)); });

TEST_P(Listening, ARefusedPortIsToldAtOnce) {
  run([&]() -> asio::awaitable<void> {
    Result<std::shared_ptr<Link>> link = co_await dial(
        io_.get_executor(), GetParam(), asio::ip::make_address("127.0.0.1"), 1, std::chrono::steady_clock::now() + 5s);
    EXPECT_THAT(link.error().message, HasSubstr("127.0.0.1:1"));
  });
}

TEST_P(Listening, APortInUseSaysWhatToDo) {
  auto first = *Listener::open(io_.get_executor(), {GetParam(), true, std::nullopt, 22'000});
  auto second = Listener::open(io_.get_executor(), {GetParam(), true, first->port(), 22'000});
  EXPECT_THAT(second.error().message, HasSubstr("-port"));
  auto next = Listener::open(io_.get_executor(), {GetParam(), true, std::nullopt, first->port()});
  EXPECT_GT((*next)->port(), first->port());
}

TEST_P(Listening, B32_StrangersOverTheLimitWaitUntilAnotherIsDone) {
  run([&]() -> asio::awaitable<void> {
    ListenerSettings settings{GetParam(), true, std::nullopt, 23'000};
    settings.strangers = 2;
    auto listener = *Listener::open(io_.get_executor(), settings);
    std::vector<Listener::Stranger> strangers;
    asio::steady_timer came(io_);
    listener->start([&](const std::shared_ptr<Link>&, Listener::Stranger stranger) {
      strangers.push_back(std::move(stranger));
      came.cancel();
    });
    std::vector<asio::ip::tcp::socket> sockets;
    for (int i = 0; i < 3; ++i) {
      sockets.emplace_back(io_);
      co_await sockets.back().async_connect({asio::ip::address_v4::loopback(), listener->port()}, asio::use_awaitable);
    }
    boost::system::error_code cancelled;
    while (strangers.size() < 2) {
      came.expires_after(5s);
      co_await came.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }
    came.expires_after(50ms);  // a third would have come by now
    co_await came.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    EXPECT_EQ(strangers.size(), 2U);
    strangers.erase(strangers.begin());
    came.expires_after(5s);
    co_await came.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    EXPECT_EQ(strangers.size(), 2U);
    listener->close();
  });
}

}  // namespace
}  // namespace kinode::transport
