#include "kernel/testing/test_node.h"

#include "base/check.h"

namespace kinode::kernel::testing {

ProcessContext& Puppet::context() const {
  KINODE_CHECK(context_ != nullptr, "{} has no process", address_.text());
  return *context_;
}

SendStatus Puppet::request(const Address& target, std::string_view body, std::optional<uint64_t> expects_response,
                           std::optional<Blob> blob, std::optional<std::string> metadata) {
  Outgoing outgoing{.target = target,
                    .request = {.inherit = false,
                                .expects_response = expects_response,
                                .body = Bytes::copy_of(body),
                                .metadata = std::move(metadata),
                                .capabilities = {}},
                    .blob = std::move(blob),
                    .context = std::nullopt,
                    .prompting = nullptr,
                    .awaited = false};
  return context().send(outgoing);
}

void Puppet::respond(const Envelope& to, std::string_view body, std::optional<Blob> blob) {
  Response response;
  response.body = Bytes::copy_of(body);
  context().respond(prompting_of(to), std::move(response), std::move(blob));
}

std::unique_ptr<Envelope> Puppet::take() {
  if (received_.empty()) {
    return nullptr;
  }
  std::unique_ptr<Envelope> first = std::move(received_.front());
  received_.pop_front();
  return first;
}

TestNode::TestNode(Options options)
    : random(options.seed),
      journal(std::move(options.content)),
      kernel({.node = options.name,
              .limits = options.limits,
              .clock = clock,
              .random = random,
              .executor = executor,
              .journal = options.other_journal != nullptr ? *options.other_journal : journal,
              .printer = printer,
              .factory = factory,
              .shutdown_requested = [this] { ++shutdowns; },
              .network = options.network}) {}

TestNode::~TestNode() {
  kernel.shutdown();
  executor.run();
}

Address TestNode::local(std::string_view id) const {
  Result<ProcessId> process = ProcessId::parse(id);
  KINODE_CHECK(process.has_value(), "{}", process.error().message);
  return kernel.local(*process);
}

Puppet& TestNode::add_puppet(std::string_view id, bool is_public, Kernel::Reach reach) {
  Address address = local(id);
  std::string name = "puppet " + std::string(id);
  Puppet& puppet = *puppets_.insert_or_assign(name, std::make_unique<Puppet>(address)).first->second;
  auto make = [&puppet](ProcessContext& context) -> std::unique_ptr<Process> {
    puppet.context_ = &context;
    auto receive = [&puppet](ProcessContext& own) -> Process::Poll {
      while (std::unique_ptr<Envelope> envelope = own.receive()) {
        puppet.received_.push_back(std::move(envelope));
      }
      return {};
    };
    return std::make_unique<NativeProcess>(context, receive);
  };
  if (address.process().package() == "distro" && address.process().publisher() == "sys") {
    kernel.add_module(address.process(), is_public, make, reach);
    executor.run();
    return puppet;
  }
  factory.add(name, make);
  Result<void> made = kernel.initialize({.id = address.process(),
                                         .program = NativeFactory::program(name),
                                         .on_exit = {},
                                         .is_public = is_public,
                                         .capabilities = {}});
  KINODE_CHECK(made.has_value(), "{}", made.error().message);
  Result<void> running = kernel.run(address.process());
  KINODE_CHECK(running.has_value(), "{}", running.error().message);
  executor.run();
  return puppet;
}

Guest& TestNode::expect_guest(std::string_view id) {
  std::unique_ptr<Guest>& guest = guests_[std::string(id)];
  if (!guest) {
    guest = std::make_unique<Guest>(local(id));
    factory.add(std::string(id), [&guest](ProcessContext& context) { return guest->make(context); });
  }
  return *guest;
}

Program TestNode::program_of(const Guest& guest) const { return NativeFactory::program(guest.id().text()); }

Guest& TestNode::add_guest(std::string_view id, GuestOptions options) {
  Guest& guest = expect_guest(id);
  Result<void> made = kernel.initialize({.id = guest.id(),
                                         .program = program_of(guest),
                                         .on_exit = std::move(options.on_exit),
                                         .is_public = options.is_public,
                                         .capabilities = std::move(options.capabilities)});
  KINODE_CHECK(made.has_value(), "{}", made.error().message);
  if (options.run) {
    Result<void> running = kernel.run(guest.id());
    KINODE_CHECK(running.has_value(), "{}", running.error().message);
    executor.run();
  }
  return guest;
}

Result<void> TestNode::load() {
  return kernel.load([this](const std::string& handle) -> Result<Program> {
    auto found = guests_.find(std::string_view(handle).substr(1));
    if (found == guests_.end()) {
      return fail("no program {}", handle);
    }
    return program_of(*found->second);
  });
}

std::vector<std::string> TestNode::journal_keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, value] : journal.content()) {
    keys.push_back(key);
  }
  return keys;
}

void TestNode::connect(const Address& holder, const Address& target) {
  KINODE_CHECK(kernel.grant(holder.process(), {Capability::messaging(target)}), "no process {}", holder.text());
  KINODE_CHECK(kernel.grant(target.process(), {Capability::messaging(holder)}), "no process {}", target.text());
}

void TestNode::advance(std::chrono::nanoseconds by) {
  clock.advance(by);
  kernel.advance();
  executor.run();
}

}  // namespace kinode::kernel::testing
