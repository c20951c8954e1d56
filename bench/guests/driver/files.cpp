// Files through vfs:distro:sys.
//
//   write-files COUNT SIZE   a file replaced as a whole, COUNT times
//   read-files COUNT SIZE    one that was written before, read as a whole COUNT times
//   append-files COUNT SIZE  bytes added to the end of a file, COUNT times

#include <kinode/vfs.h>

#include "driver.h"

namespace bench {

Outcome Driver::files(Order order) {
  const std::string_view name = order.name();
  if (name != "write-files" && name != "read-files" && name != "append-files") return "";
  const uint64_t count = order.number();
  const uint64_t size = order.number();
  const std::string drive = "/" + our_.process.package().text() + "/bench";
  const std::string path = drive + "/file";
  const kinode::Bytes content = kinode::Bytes::filled(size, 'x');
  if (!kinode::vfs::create_drive(drive)) return failed("no drive");
  if (const auto written = kinode::vfs::write(path, content); !written) return failed(written.error().text);
  const kinode::Blob blob{.bytes = content};
  const std::string action = name == "read-files" ? "Read" : name == "write-files" ? "Write" : "Append";
  const kinode::Request request{.expects_response = timeout_s,
                                .body = R"({"path":")" + path + R"(","action":")" + action + R"("})"};
  const kinode::Address vfs = kinode::Address::local("vfs:distro:sys");
  const Stopwatch watch;
  for (uint64_t i = 0; i < count; ++i) {
    if (name == "read-files") {
      const auto read = kinode::vfs::read(path);
      if (!read || read->text().size() != size) return failed("a read");
      continue;
    }
    const auto answer = kinode::send_and_await(vfs, request, &blob);
    if (!answer || answer->body().text() != R"("Ok")") return failed("a change");
  }
  const uint64_t taken = watch.nanoseconds();
  if (!kinode::vfs::remove_file(path)) return failed("the end");
  return ok({taken});
}

}  // namespace bench
