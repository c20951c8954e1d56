#include "kit/inject_message.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>
#include <utility>

#include "base/utf8.h"
#include "kit/files.h"
#include "kit/rpc_client.h"

namespace kinode::kit {
namespace {

constexpr uint64_t wait_for_response = 15;

void print_blob(const Blob& blob, Console console) {
  const std::string mime = blob.mime.value_or("no type");
  if (is_utf8(blob.bytes.text())) {
    console.err << "Blob (" << mime << "):\n";
    console.out << blob.bytes.text() << '\n';
  } else {
    console.err << "Blob (" << mime << "): " << blob.bytes.size() << " bytes that are not text\n";
  }
}

}  // namespace

Result<int> inject_message(const InjectMessage& options, Console console) {
  auto process = ProcessId::parse(options.process);
  if (!process) {
    return std::unexpected(process.error());
  }
  rpc::RpcRequest request{.node = options.node,
                          .process = *process,
                          .expects_response = {},
                          .body = Bytes::copy_of(options.body),
                          .metadata = {},
                          .blob = {}};
  if (!options.non_block) {
    request.expects_response = wait_for_response;
  }
  if (options.blob_file) {
    auto content = read_file(*options.blob_file);
    if (!content) {
      return std::unexpected(content.error());
    }
    request.blob = Blob{"application/octet-stream", std::move(*content)};
  }
  auto reply = RpcClient(options.port).send(request);
  if (!reply) {
    return std::unexpected(reply.error());
  }
  if (!options.non_block) {
    console.out << reply->body.text() << '\n';
    if (reply->blob) {
      print_blob(*reply->blob, console);
    }
  }
  return 0;
}

void add_inject_message(CLI::App& app, Command& chosen) {
  CLI::App* command = app.add_subcommand("inject-message", "Send a message to a process and print its response");
  command->alias("i");
  auto options = std::make_shared<InjectMessage>();
  command->add_option("process", options->process, "To whom: process:package:publisher")->required();
  command->add_option("body", options->body, "The message's body, usually JSON")->required();
  add_port_option(*command, options->port);
  command->add_option("-n,--node", options->node, "The node of that process, if it is another than the one asked");
  command->add_option("-b,--blob", options->blob_file, "A file to send as the message's blob");
  command->add_flag("-l,--non-block", options->non_block, "Want no response");
  command->callback(
      [options, &chosen] { chosen = [options](Console console) { return inject_message(*options, console); }; });
}

}  // namespace kinode::kit
