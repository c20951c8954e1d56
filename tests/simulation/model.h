// Model: what must happen. It knows the kernel's rules (docs/architecture.md, docs/compatibility.md,
// docs/limits.md) and none of its data: plain lists, one thread, slow and simple. Whoever does something
// to the kernel tells the model the same afterwards; what a process is given is compared with what the
// model says it must be given, and a difference is thrown as a Violation.
//
// Lives are never deleted before the model is, so that a pointer to one stays good.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "kernel/kernel.h"
#include "kernel/limits.h"
#include "life.h"
#include "store.h"
#include "trace.h"
#include "violation.h"

namespace kinode::simulation {

/// The program that guests are made of, and what is no component.
inline const std::string guest_program = "guest";
inline const std::string no_program = "garbage";

/// What a process is made with.
struct NewProcess {
  ProcessId id;
  std::string handle;
  std::string program;  // the bytes of its component
  OnExit on_exit;
  bool is_public = false;
  std::vector<Capability> capabilities;
};

class Model {
 public:
  Model(const Clock& clock, const kernel::Limits& limits, Trace& trace);

  // ---- the node ---------------------------------------------------------------------------------

  /// The node starts with nothing but the kernel. `store` is its journal.
  void start_node(const Store& store);
  Life& add_module(const Address& address, bool is_public);
  /// Those of `forgotten` cannot be loaded.
  void load(const Stored& stored, const std::set<ProcessId>& forgotten);
  /// False: refused.
  bool install(NewProcess spec);
  /// Processes were started in this order.
  void run_all(const std::vector<ProcessId>& order);
  /// The clock moved and the kernel was told.
  void advance();
  void shutdown();

  // ---- processes --------------------------------------------------------------------------------

  /// The life that the process has now; null: there is none.
  [[nodiscard]] Life* find(const ProcessId& id) const;
  [[nodiscard]] Life* living(const ProcessId& id) const;
  [[nodiscard]] const std::map<ProcessId, Life*>& table() const { return table_; }
  bool kill(const ProcessId& id, bool revoke);
  /// Its poll ended with its end.
  void exited(Life& life, bool crashed);
  /// False: refused.
  bool initialize(NewProcess spec);
  /// The same with all that `spawn` gives to child and parent. `grants`: to whom, params.
  bool spawn(Life& parent, NewProcess child, const std::vector<std::pair<ProcessId, std::string>>& grants);
  bool run(const ProcessId& id);
  bool set_on_exit(const ProcessId& id, OnExit on_exit);
  void set_on_exit(Life& life, OnExit on_exit);

  // ---- capabilities -----------------------------------------------------------------------------

  [[nodiscard]] static bool holds(const Life& life, const Capability& capability);
  /// False if there is no such process.
  bool grant(const ProcessId& holder, const std::vector<Capability>& capabilities);
  bool promise(const ProcessId& holder, const std::vector<Capability>& capabilities);
  void drop(const ProcessId& holder, const std::vector<Capability>& capabilities);
  void add(Life& life, const std::vector<Capability>& capabilities);
  void drop(Life& life, const std::vector<Capability>& capabilities);
  /// Leaves what the life holds or issues.
  static void filter(const Life& life, std::vector<Capability>& capabilities);
  static void filter(const Life& life, OnExit& on_exit);

  // ---- messages ---------------------------------------------------------------------------------

  /// Letters are numbered from 1.
  uint64_t next_number() { return ++numbers_; }
  /// False: it stands before a full mailbox.
  bool send(Life& from, Sent& sent);
  /// Sends what stands in front of a full mailbox. False: there is still some.
  bool send_all(Life& from);
  void respond(Life& from, const Handled& handled, Letter letter);
  /// The process took this from its mailbox; null: nothing.
  std::optional<Arrival> receive(Life& to, const kernel::Envelope* got);
  /// The same for the end of the request that it awaits.
  std::optional<Arrival> receive_awaited(Life& to, const kernel::Envelope* got);

  /// The same where the kernel keeps it: whether it says that it was there.
  std::optional<Arrival> receive_unseen(Life& to, bool was_there);

  // ---- state ------------------------------------------------------------------------------------

  void set_state(const Life& life, std::optional<std::string> state);
  /// The reads that wait were answered.
  void answer_reads();
  void answer_read(Life& life);

  // ---- at every step: what is seen from outside against what must be ------------------------------

  void check_counters(const kernel::Counters& counted) const;
  void check_timers(std::optional<Instant> next_deadline) const;
  void check_store() const;
  /// No task is ready: everyone who could go on did.
  void check_at_rest() const;
  /// All mailboxes are empty and all requests ended.
  void check_finished() const;
  [[nodiscard]] size_t open_requests(const Life& life) const;
  [[nodiscard]] size_t requests_that_wait_for(const Life& life) const;
  /// Changes whenever what is held or stored may have.
  [[nodiscard]] uint64_t changes() const { return changes_; }
  [[nodiscard]] const std::map<ProcessId, CapabilityMap>& promised() const { return promised_; }

 private:
  using Cause = uint64_t kernel::Counters::*;
  struct Fate {
    enum class Kind : uint8_t { unsent, refused, waits, in_mailbox, taken, lost } kind = Kind::unsent;
    Life* holder = nullptr;
  };
  struct End {
    Life* asker = nullptr;
    unsigned arrived = 0;
  };

  Life& make_life(const Address& address, Life::Kind kind);
  void change() { ++changes_; }
  Fate& fate(uint64_t number);

  // messages
  [[nodiscard]] static bool may_message(const Life& from, const Life& target);
  /// No simulation comes near the usual limit.
  [[nodiscard]] bool bytes_matter() const { return limits_.mailbox_bytes < kernel::Limits().mailbox_bytes; }
  [[nodiscard]] bool has_room(const Life& target, const Arrival& arrival) const;
  void refuse(Life& from, Sent& sent, Cause cause, SendErrorKind error = SendErrorKind::timeout);
  /// It could go on, so that its sender must have been woken.
  [[nodiscard]] bool starves_for_room(const Sent& sent) const;
  bool wait_for_room(Life& from, const Life& target, Sent& sent);
  void begin(Life& from, Life& target, const Sent& sent);
  void add_heir(Life& from, Life& heir, const Handled& handled);
  void deliver(Life& from, Life& target, const Sent& sent);
  [[nodiscard]] uint64_t thread_of(const Sent& sent) const;
  [[nodiscard]] Instant due(Instant deadline) const;
  void give_back(Life& from, Arrival error, bool awaited);
  void end_arrives(Life& to, Arrival end, bool awaited);
  void fail(uint64_t number, Cause cause, uint64_t group);
  void fail_requests_to(Life& dead);
  Asked* find_open(uint64_t thread, const Address& asker);

  // what a process is given, model_arrivals.cpp
  std::optional<Arrival> take(Life& to, const kernel::Envelope& got);
  void compare(const Life& to, const Arrival& expected, const kernel::Envelope& got);
  void compare_id(const Life& to, uint64_t thread, uint64_t id);
  [[noreturn]] void explain(const Life& to, const kernel::Envelope& got);
  void note_end(const Life& to, const Arrival& arrival);

  // commands
  void carry_out(Life& from, const Sent& sent, Life& kernel);
  Letter answer(Life& from, const Letter& letter);
  bool initialize_by_command(Life& from, const Letter& letter);

  // lives
  void end(Life& life);
  void remove(Life& life, bool revoke);
  void restart(Life& life);
  void send_on_exit_requests(Life& life);
  /// What a process starts with, and what it is given later.
  void insert(Life& life, const std::vector<Capability>& capabilities);
  void insert_granted(Life& life, const std::vector<Capability>& capabilities);
  void revoke(const Address& issuer);

  const Clock& clock_;
  const kernel::Limits& limits_;
  Trace& trace_;
  const Store* store_ = nullptr;

  std::vector<std::unique_ptr<Life>> lives_;
  std::map<ProcessId, Life*> table_;
  std::map<ProcessId, CapabilityMap> promised_;
  std::map<ProcessId, std::string> states_;
  std::map<uint64_t, Asked> open_;
  std::vector<Fate> fates_;                            // of letters, by number
  std::map<uint64_t, End> ends_;                       // of requests that expect a response, by number
  std::unordered_map<uint64_t, uint64_t> threads_;     // by the id that the kernel gave them
  std::unordered_map<uint64_t, uint64_t> kernel_ids_;  // the other way
  kernel::Counters counters_;
  Instant told_;  // the time when the kernel was last told of it
  uint64_t numbers_ = 0;
  uint64_t orders_ = 0;
  uint64_t groups_ = 0;
  uint64_t changes_ = 0;
  bool shut_down_ = false;
};

}  // namespace kinode::simulation
