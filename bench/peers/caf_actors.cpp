#include "caf_actors.h"

#include <chrono>

namespace bench {
namespace {

using Client = caf::stateful_actor<Load>*;

uint64_t now() {
  return static_cast<uint64_t>(std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
}

void finish(Client self, uint64_t counted) { self->state.promise.deliver(now() - self->state.begin, counted); }

/// The same request over and over, passed by reference.
void next_trip(Client self, const caf::message& request) {
  self->request(self->state.target, caf::infinite, request).then([self, request](const std::string& back) {
    if (--self->state.left == 0) {
      finish(self, back.size());
    } else {
      next_trip(self, request);
    }
  });
}

void start_next(Client self) {
  self->state.started.push_back(self->spawn(echo));
  self->request(self->state.started.back(), caf::infinite, Ask::value, self->state.body)
      .then([self](const std::string&) {
        if (--self->state.left == 0) {
          finish(self, self->state.started.size());
        } else {
          start_next(self);
        }
      });
}

void start_trips(Client self, const caf::message& request) {
  self->state.begin = now();  // not before the request was made: it may be large
  next_trip(self, request);
}

caf::response_promise begin(Client self, const caf::actor& target, uint64_t count, uint64_t size) {
  self->state.target = target;
  self->state.left = count;
  self->state.body = std::string(size, 'x');
  self->state.promise = self->make_response_promise();
  self->state.begin = now();
  return self->state.promise;
}

}  // namespace

caf::behavior echo(caf::event_based_actor*) {
  return {
      [](Ask, const std::string& body) { return body; },
      // A message as the answer is what it holds, by reference.
      [](Pass, const caf::message& blob) { return blob; },
      [](Read, const caf::message& blob) { return blob.get_as<std::string>(0).back() == 'x' ? blob : caf::message(); }};
}

caf::behavior sink(caf::stateful_actor<Count>* self) {
  return {[self](Tell, const std::string&) { ++self->state.value; },
          [self](CountUp) {
            const uint64_t counted = self->state.value;
            self->state.value = 0;
            return counted;
          }};
}

caf::behavior client(Client self) {
  return {
      [self](RoundTrips, const caf::actor& target, uint64_t count, uint64_t size) {
        const auto promise = begin(self, target, count, size);
        start_trips(self, caf::make_message(Ask::value, self->state.body));
        return promise;
      },
      [self](Flood, const caf::actor& target, uint64_t count, uint64_t size) {
        const auto promise = begin(self, target, count, size);
        for (uint64_t i = 0; i < count; ++i) {
          self->send(target, Tell::value, self->state.body);
        }
        self->request(target, caf::infinite, CountUp::value).then([self](uint64_t counted) { finish(self, counted); });
        return promise;
      },
      [self](Pass, const caf::actor& target, uint64_t count, uint64_t size) {
        const auto promise = begin(self, target, count, size);
        start_trips(self, caf::make_message(Pass::value, caf::make_message(self->state.body)));
        return promise;
      },
      [self](Read, const caf::actor& target, uint64_t count, uint64_t size) {
        const auto promise = begin(self, target, count, size);
        start_trips(self, caf::make_message(Read::value, caf::make_message(self->state.body)));
        return promise;
      },
      [self](Start, uint64_t count) {
        const auto promise = begin(self, {}, count, 1);
        start_next(self);
        return promise;
      },
      [self](Done) {
        for (const caf::actor& started : self->state.started) {
          caf::anon_send_exit(started, caf::exit_reason::user_shutdown);
        }
        self->state.started.clear();
      }};
}

}  // namespace bench
