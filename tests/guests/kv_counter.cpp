// Counts in a database of kv:distro:sys. Each request adds one to `count`, in a transaction, with an entry `log/N` for
// each N, and is answered with the new number as decimal text. Bodies: `leave`: changes the count in a transaction and
// does not end that; `crash`: the same, and crashes; `log`: answers how many entries there are.
#include <kinode/kv.h>

#include <charconv>
#include <string>

using namespace kinode;

namespace {

const Bytes count_key = "count";

/// Ends the process where kv refuses what it must do.
template <class T>
T need(kv::Result<T> result) {
  if (!result) crash(result.error().text);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

uint64_t number_of(const std::optional<Bytes>& text) {
  uint64_t number = 0;
  if (text) std::from_chars(text->text().data(), text->text().data() + text->size(), number);
  return number;
}

/// An open transaction, and the number in it.
struct Step {
  kv::Transaction transaction;
  uint64_t count;
};

Step count_on(const kv::Database& database) {
  const kv::Transaction transaction = need(database.begin());
  const uint64_t count = number_of(need(database.get(count_key, transaction))) + 1;
  const std::string text = std::to_string(count);
  const kv::Entry entries[] = {{count_key, text}, {"log/" + std::string(20 - text.size(), '0') + text, text}};
  need(database.set_many(entries, transaction));
  return {transaction, count};
}

uint64_t log_size(const kv::Database& database) {
  kv::Range range{.prefix = "log/", .limit = 7, .keys_only = true};
  uint64_t size = 0;
  while (true) {
    const kv::Page page = need(database.page(range));
    size += page.entries.size();
    if (!page.next) return size;
    range.from = *page.next;
  }
}

std::string carry_out(const kv::Database& database, std::string_view body) {
  if (body == "log") return std::to_string(log_size(database));
  const Step step = count_on(database);
  if (body == "crash") crash("with an open transaction");
  if (body == "leave") return std::to_string(step.transaction);
  need(database.commit(step.transaction));
  return std::to_string(step.count);
}

}  // namespace

void init(Address) {
  const kv::Database database = need(kv::Database::open("counts"));
  while (true) {
    auto message = receive();
    if (!message || !message->is_request()) continue;
    // Asking kv makes its answer the message last received, but this request stays the one being handled.
    respond({.body = carry_out(database, message->body().string())});
  }
}
