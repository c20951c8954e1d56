// The process that the program outside gives its orders to. It has others started and tells them what to do; it
// keeps them from one order to the next. Every order's answer begins with the nanoseconds that the measured work
// took, where there is such work.
#pragma once

#include <kinode/kv.h>
#include <kinode/sqlite.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../order.h"

namespace bench {

class Driver {
 public:
  explicit Driver(kinode::Address our) : our_(std::move(our)) {}

  /// Which orders there are stands at the head of each source.
  Outcome carry_out(Order order);

 private:
  /// How a process is started, where that differs from the usual.
  struct Start {
    /// It and this one may message each other, and nobody else it; the parent may in any case.
    std::optional<kinode::Address> acquaintance{};
    kinode::OnExit on_exit{};
    std::optional<std::string> name{};
  };
  struct Pair {
    kinode::Address client;
    std::string target;
  };

  // messages.cpp
  Outcome messages(Order order);
  Outcome relay(uint64_t count, uint64_t size);
  Outcome latency(uint64_t count, uint64_t size, uint64_t pause);
  // crowds.cpp
  Outcome crowds(Order order);
  Outcome stand(uint64_t count);
  Outcome start(uint64_t count);
  Outcome end();
  Outcome make_pairs(uint64_t count);
  Outcome make_senders(uint64_t count);
  Outcome pairs(uint64_t count, uint64_t size);
  Outcome fan_in(uint64_t count, uint64_t size);
  // lives.cpp
  Outcome lives(Order order);
  Outcome make_savers(uint64_t count);
  Outcome save(uint64_t count, uint64_t size);
  Outcome make_crashers(uint64_t count);
  Outcome storm();
  Outcome hogs(bool mute, uint64_t count);
  // files.cpp
  Outcome files(Order order);
  // stores.cpp
  Outcome stores(Order order);
  template <class Database>
  Outcome remove(std::optional<Database>& database);
  Outcome fill_kv(uint64_t count, uint64_t size);
  Outcome kv_set(uint64_t count, uint64_t size);
  Outcome kv_get(uint64_t count, uint64_t size);
  Outcome fill_sqlite(uint64_t count, uint64_t size);
  Outcome sqlite_insert(uint64_t count, uint64_t size);
  Outcome sqlite_select(uint64_t count, uint64_t size);

  /// Starts a process of our package; nothing if the node refuses.
  std::optional<kinode::Address> spawn(std::string_view component, Start start);
  std::optional<kinode::Address> spawn(std::string_view component) { return spawn(component, {}); }
  /// Starts it unless it runs already; ends the process if the node refuses.
  const kinode::Address& partner(std::optional<kinode::Address>& place, std::string_view component);
  /// Gives the order to every client at once. The sum of their answers' second numbers, if all answered `ok`.
  std::optional<uint64_t> tell_all(const std::vector<Pair>& pairs, const std::string& order);

  const kinode::Address our_;
  std::optional<kinode::Address> echo_;
  std::optional<kinode::Address> sink_;
  std::optional<kinode::Address> mirror_;
  std::optional<kinode::Address> relay_;
  std::vector<kinode::Address> started_;
  std::vector<Pair> pairs_;
  std::vector<Pair> senders_;
  std::vector<kinode::Address> savers_;
  std::vector<kinode::Address> crashers_;
  std::optional<kinode::kv::Database> kv_;
  std::optional<kinode::sqlite::Database> sqlite_;
  uint64_t entries_ = 0;  // of the database that was filled last
};

}  // namespace bench
