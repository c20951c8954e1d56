// The kernel's records as a damaged disk or another program would leave them: the first line of the input is the
// end of a key, the rest its value. What can be read comes back equal when it is written and read again.
#include "kernel/records.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "kernel/testing/memory_journal.h"
#include "kernel/testing/recording_printer.h"

using namespace kinode;
using namespace kinode::kernel;
using namespace kinode::kernel::testing;

namespace {

struct Store {
  Store() = default;
  explicit Store(MemoryJournal::Content content) : journal(std::move(content)) {}

  MemoryJournal journal;
  RecordingPrinter printer;
  Records records{journal, printer, ProcessId("kernel", "distro", "sys")};
};

MemoryJournal::Content one(std::string key, std::string_view value) {
  MemoryJournal::Content content;
  content.emplace(std::move(key), Bytes::copy_of(value));
  return content;
}

template <class Scanned>
void check_error(const Scanned& scanned, std::string_view key) {
  KINODE_CHECK(scanned.error().message.starts_with(key), "{}", scanned.error().message);
}

void check_process(const std::string& key, std::string_view value) {
  Store store(one(key, value));
  auto put_again = [](const ProcessId& id, const ProcessRecord& record) {
    Store again;
    again.records.put_process(id, record, {});
    int found = 0;
    auto compare = [&](const ProcessId& id_again, const ProcessRecord& read) {
      KINODE_CHECK(id_again == id && read.handle == record.handle && read.wit_version == record.wit_version &&
                   read.on_exit == record.on_exit && read.is_public == record.is_public);
      ++found;
    };
    KINODE_CHECK(again.records.scan_processes(compare).has_value() && found == 1);
  };
  if (Result<void> scanned = store.records.scan_processes(put_again); !scanned) {
    check_error(scanned, key);
  }
}

void check_capability(const std::string& key, std::string_view value) {
  Store store(one(key, value));
  auto put_again = [](const ProcessId& holder, const AttachedCapability& attached) {
    Store again;
    again.records.put_capabilities(holder, std::span(&attached, 1));
    int found = 0;
    auto compare = [&](const ProcessId& holder_again, const AttachedCapability& read) {
      KINODE_CHECK(holder_again == holder && read == attached &&
                   read.capability.params() == attached.capability.params());
      ++found;
    };
    KINODE_CHECK(again.records.scan_capabilities(compare).has_value() && found == 1);
    again.records.erase_capabilities(holder, std::span(&attached.capability, 1));
    KINODE_CHECK(again.journal.content().empty());
  };
  if (Result<void> scanned = store.records.scan_capabilities(put_again); !scanned) {
    check_error(scanned, key);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string key(rest.substr(0, rest.find('\n')));
  rest.remove_prefix(std::min(key.size() + 1, rest.size()));
  check_process("process/" + key, rest);
  check_capability("capability/" + key, rest);
  return 0;
}
