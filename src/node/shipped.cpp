#include "node/shipped.h"

#include <future>

#include "codec/json.h"
#include "package/hash.h"

namespace kinode::node {
namespace {

/// Before the hash of a package that is being brought in.
constexpr std::string_view unpacking = "unpacking ";

constexpr std::chrono::seconds disk_patience{30};

std::string record_key(const PackageId& package) { return "shipped/" + package.text(); }
std::string package_drive(const PackageId& package) { return "/" + package.text() + "/pkg"; }
std::string zip_path(const PackageId& package) {
  return fmt::format("{}/{}.zip", package_drive(package), package.text());
}

/// Read and write of the drive in which the package lies.
std::vector<Capability> drive_capabilities(const kernel::Kernel& kernel, const PackageId& package) {
  Address vfs = kernel.local(ProcessId("vfs", "distro", "sys"));
  std::vector<Capability> capabilities;
  for (const char* kind : {"read", "write"}) {
    nlohmann::ordered_json params = {{"kind", kind}, {"drive", package_drive(package)}};
    capabilities.push_back(*Capability::make(vfs, codec::to_text(params)));
  }
  return capabilities;
}

}  // namespace

// ---- files ---------------------------------------------------------------------------------------

void ShippedPackages::unpack(std::vector<package::PackageSource> packages) {
  for (package::PackageSource& source : packages) {
    std::string name = source.id.text();
    for (const std::string& problem : source.manifest.problems) {
      say_(fmt::format("{}: manifest.json{}", name, problem));
    }
    std::string hash = package::sha256_hex(source.zip.span());
    Result<State> state = judge(source, hash);
    Result<void> done;
    if (!state) {
      done = std::unexpected(state.error());
    } else if (*state == State::outdated) {
      done = unpack(source, hash);
    }
    if (!done) {
      say_(fmt::format("{} is not brought up to date: {}", name, done.error().message));
    } else if (*state != State::left) {
      packages_.push_back({std::move(source), std::move(hash), *state});
    }
  }
}

Result<ShippedPackages::State> ShippedPackages::judge(const package::PackageSource& source, const std::string& hash) {
  Result<std::optional<Bytes>> known = journal_.read(record_key(source.id));
  if (!known) {
    return std::unexpected(known.error());
  }
  if (!*known || (*known)->text().starts_with(unpacking)) {
    return State::outdated;
  }
  std::string_view last = (*known)->text();
  Result<Bytes> zip = vfs_.read(zip_path(source.id));
  std::string present = zip ? package::sha256_hex(zip->span()) : "";
  if (present == hash && last != hash) {
    // Its user had this version before it was shipped.
    Result<uint64_t> recorded = record(source.id, hash);
    return recorded ? Result<State>(State::present) : std::unexpected(recorded.error());
  }
  if (zip && present != last) {
    if (last != hash) {
      say_(fmt::format("{}: the version you installed stays", source.id.text()));
    }
    return State::left;
  }
  if (last != hash) {
    return State::outdated;
  }
  return zip ? State::present : State::left;
}

Result<void> ShippedPackages::unpack(const package::PackageSource& source, const std::string& hash) {
  Result<uint64_t> begun = record(source.id, std::string(unpacking) + hash);
  if (!begun) {
    return std::unexpected(begun.error());
  }
  Result<void> durable = wait_durable(*begun);
  return durable ? vfs_.install_package(source.id, source.zip) : durable;
}

Result<uint64_t> ShippedPackages::record(const PackageId& package, std::string value) {
  kernel::Batch batch;
  batch.put(record_key(package), Bytes::from(std::move(value)));
  return journal_.write(batch);
}

Result<void> ShippedPackages::wait_durable(uint64_t sequence) {
  auto durable = std::make_shared<std::promise<void>>();
  journal_.when_durable(sequence, [durable] { durable->set_value(); });
  if (durable->get_future().wait_for(disk_patience) != std::future_status::ready) {
    return fail("the disk did not take a record in {} s; is it full?", disk_patience.count());
  }
  return {};
}

// ---- processes -----------------------------------------------------------------------------------

void ShippedPackages::install(kernel::Kernel& kernel) {
  for (const Package& package : packages_) {
    install_processes(kernel, package);
  }
  // When all are there, so that those they name are, too.
  for (const Made& process : made_) {
    grant(kernel, process.id, *process.entry);
  }
  for (const Package& package : packages_) {
    if (package.state != State::outdated) {
      continue;
    }
    if (Result<uint64_t> done = record(package.source.id, package.hash); !done) {
      say_(fmt::format("{} will be brought in again at the next start: {}", package.source.id.text(),
                       done.error().message));
    }
  }
}

void ShippedPackages::install_processes(kernel::Kernel& kernel, const Package& package) {
  for (const package::ManifestEntry& entry : package.source.manifest.entries) {
    Result<ProcessId> id = entry.process_id(package.source.id);
    if (id && package.state == State::present && kernel.exists(*id)) {
      continue;
    }
    Result<void> done = id ? install(kernel, package.source, entry, *id) : std::unexpected(id.error());
    if (done) {
      made_.push_back({std::move(*id), &entry});
    } else {
      say_(
          fmt::format("{}: {} is not started: {}", package.source.id.text(), entry.process_name, done.error().message));
    }
  }
}

void ShippedPackages::grant(kernel::Kernel& kernel, const ProcessId& id, const package::ManifestEntry& entry) {
  for (const package::CapabilityItem& item : entry.grant_capabilities) {
    Result<Capability> granted = item.granted(kernel.local(id));
    Result<void> done = granted ? kernel.promise(item.process, {*granted}) : std::unexpected(granted.error());
    if (!done) {
      say_(fmt::format("{}: {}", id.text(), done.error().message));
    }
  }
}

Result<void> ShippedPackages::install(kernel::Kernel& kernel, const package::PackageSource& source,
                                      const package::ManifestEntry& entry, const ProcessId& id) {
  Result<std::string> file = entry.wasm_entry();
  if (!file) {
    return std::unexpected(file.error());
  }
  std::string path = fmt::format("{}/{}", package_drive(source.id), *file);
  Result<Bytes> wasm = vfs_.read(path);
  if (!wasm) {
    return std::unexpected(wasm.error().at(path));
  }
  kernel::ProcessSpec spec{
      .id = id,
      .program = {std::move(*wasm), path, source.metadata.properties.wit_version},
      .on_exit = entry.on_exit,
      .is_public = entry.is_public,
      .capabilities = drive_capabilities(kernel, source.id),
  };
  if (entry.request_networking) {
    spec.capabilities.push_back(Capability::network(kernel.address()));
  }
  for (const package::CapabilityItem& item : entry.request_capabilities) {
    Result<Capability> requested = item.requested(kernel.node());
    if (requested) {
      spec.capabilities.push_back(std::move(*requested));
    } else {
      say_(fmt::format("{}: {}", id.text(), requested.error().message));
    }
  }
  return kernel.install(std::move(spec));
}

}  // namespace kinode::node
