// Ledger: processes that write a known sequence 1, 2, 3, ... into every place that lasts, and what must be found there
// after a crash.
//
// A writer is a process of its own. For the entry n it does, in this order: saves n as its state; replaces a file of
// its drive; appends a line to another; sets two keys of a key-value database in one transaction; inserts a row into
// each of two tables in one transaction. Then n is answered to the test, which is outside of the node: from that moment
// on no place may forget n. Before it n may be there or not, but in no place in part.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <string>
#include <vector>

#include "node_process.h"

namespace kinode::conformance {

class Ledger {
 public:
  /// Makes the writers on a node that ships package test-kit and runs.
  Ledger(NodeProcess& node, size_t writers);

  /// The writers write an entry each, one after another; the time that took, as a measure of the machine.
  std::chrono::microseconds write_one();
  /// All writers write, side by side, until each was told that its entry could not be written, or by no answer that the
  /// node is gone. For a thread of its own, while which the node is killed or its disk fails.
  void write_until_gone();
  /// After the next start: compares every place with what was answered, as expectations of the test, and writes the
  /// entries that were begun where they are missing.
  void check();

  struct Progress {
    uint64_t answered = 0;
    /// The entry whose answer did not come yet, or `answered`.
    uint64_t begun = 0;
  };
  /// Of each writer. While they write, too.
  [[nodiscard]] std::vector<Progress> progress() const;
  /// Entries that were answered, of all writers together. While they write, too.
  [[nodiscard]] uint64_t answered() const;

  /// From now on the writers are those of `copy`, a node on a copy of the home. Not while they write.
  void go_to(NodeProcess& copy) { node_ = &copy; }
  /// Compares every place of a copy, as expectations of the test, with one moment between `before` and `after`.
  void check_copy(const std::vector<Progress>& before, const std::vector<Progress>& after) const;

 private:
  struct Writer {
    std::string process;
    std::string drive;
    std::string database;
    std::atomic<uint64_t> answered = 0;
    std::atomic<uint64_t> begun = 0;
  };
  struct Place {
    const char* name;
    void (Ledger::*write)(const Writer&, uint64_t entry) const;
    /// The last entry there; that it is there as a whole, and all before it, are expectations.
    uint64_t (Ledger::*read)(const Writer&) const;
  };
  static const Place places[];

  void write_state(const Writer& writer, uint64_t entry) const;
  [[nodiscard]] uint64_t read_state(const Writer& writer) const;
  void replace_file(const Writer& writer, uint64_t entry) const;
  [[nodiscard]] uint64_t read_replaced_file(const Writer& writer) const;
  void append_line(const Writer& writer, uint64_t entry) const;
  [[nodiscard]] uint64_t read_lines(const Writer& writer) const;
  void set_keys(const Writer& writer, uint64_t entry) const;
  [[nodiscard]] uint64_t read_keys(const Writer& writer) const;
  void insert_rows(const Writer& writer, uint64_t entry) const;
  [[nodiscard]] uint64_t read_rows(const Writer& writer) const;

  void write_entry(Writer& writer) const;
  void write_while_answered(Writer& writer) const;
  void check(Writer& writer) const;
  void check_copy(const Writer& writer, const Progress& before, const Progress& after) const;

  /// Has the writer ask a module; the answer as the actor reports it. Throws Failure where it is an error.
  Json ask(const Writer& writer, const std::string& module, const Json& body, Json more = Json::object()) const;
  [[nodiscard]] std::string read_file_of(const Writer& writer, const std::string& name) const;
  [[nodiscard]] Json query(const Writer& writer, const std::string& statement) const;
  /// The number of a transaction that begins.
  [[nodiscard]] Json begin(const Writer& writer, const std::string& module) const;

  NodeProcess* node_;
  std::deque<Writer> writers_;
};

}  // namespace kinode::conformance
