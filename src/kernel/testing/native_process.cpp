#include "kernel/testing/native_process.h"

namespace kinode::kernel::testing {

MakeNative native(NativeProcess::Body body) {
  return [body = std::move(body)](ProcessContext& context) -> std::unique_ptr<Process> {
    return std::make_unique<NativeProcess>(context, body);
  };
}

MakeNative on_envelope(std::function<void(ProcessContext&, std::unique_ptr<Envelope>)> handler) {
  return native([handler = std::move(handler)](ProcessContext& context) -> Process::Poll {
    while (std::unique_ptr<Envelope> envelope = context.receive()) {
      handler(context, std::move(envelope));
    }
    return {};
  });
}

Process::Poll exited() { return {Process::Status::exited, {}}; }

Process::Poll crashed(std::string reason) { return {Process::Status::exited, {true, std::move(reason)}}; }

void NativeFactory::add(const std::string& name, MakeNative make) {
  std::lock_guard lock(mutex_);
  makers_.insert_or_assign(name, std::move(make));
}

Program NativeFactory::program(const std::string& name, std::string handle) {
  return {Bytes::copy_of(name), handle.empty() ? "/" + name : std::move(handle), 1};
}

Result<void> NativeFactory::inspect(const Program& program) {
  {
    std::lock_guard lock(mutex_);
    if (makers_.contains(program.wasm.text())) {
      return {};
    }
  }
  return others_ != nullptr ? others_->inspect(program)
                            : fail("'{}' is not a program of this test", program.wasm.text());
}

Bytes NativeFactory::deduplicate(Bytes wasm) {
  return others_ != nullptr ? others_->deduplicate(std::move(wasm)) : wasm;
}

Result<std::unique_ptr<Process>> NativeFactory::make(ProcessContext& context, const Program& program) {
  MakeNative maker;
  {
    std::lock_guard lock(mutex_);
    if (refusal_) {
      return std::unexpected(*refusal_);
    }
    auto found = makers_.find(program.wasm.text());
    if (found != makers_.end()) {
      maker = found->second;
      ++made_;
    }
  }
  if (maker) {
    return maker(context);
  }
  if (others_ != nullptr) {
    return others_->make(context, program);
  }
  return fail("'{}' is not a program of this test", program.wasm.text());
}

void NativeFactory::refuse(std::optional<Error> error) {
  std::lock_guard lock(mutex_);
  refusal_ = std::move(error);
}

size_t NativeFactory::made() const {
  std::lock_guard lock(mutex_);
  return made_;
}

}  // namespace kinode::kernel::testing
