#include "node/shipped.h"

#include <future>

#include "codec/json.h"
#include "package/hash.h"

namespace kinode::node {
namespace {

/// Before the hash of a package whose unpacking has begun: a crash in between is mended at the next boot.
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

void ShippedPackages::unpack(std::vector<package::PackageSource> packages) {
  for (package::PackageSource& source : packages) {
    std::string name = source.id.text();
    for (const std::string& problem : source.manifest.problems) {
      say_(fmt::format("{}: manifest.json{}", name, problem));
    }
    std::string hash = package::sha256_hex(source.zip.span());
    Result<std::optional<bool>> needed = judge(source, hash);
    Result<void> done;
    if (!needed) {
      done = std::unexpected(needed.error());
    } else if (!*needed) {
      continue;
    } else if (**needed) {
      done = unpack(source, hash);
    }
    if (!done) {
      say_(fmt::format("{} is not brought up to date: {}", name, done.error().message));
      continue;
    }
    unpacked_.push_back({std::move(source), **needed});
  }
}

Result<std::optional<bool>> ShippedPackages::judge(const package::PackageSource& source, const std::string& hash) {
  Result<std::optional<Bytes>> known = journal_.read(record_key(source.id));
  if (!known) {
    return std::unexpected(known.error());
  }
  if (!*known || (*known)->text().starts_with(unpacking)) {
    return true;
  }
  Result<Bytes> present = vfs_.read(zip_path(source.id));
  std::string_view shipped = (*known)->text();
  if (present && package::sha256_hex(present->span()) != shipped) {
    say_(fmt::format("{}: the version you installed stays", source.id.text()));
    return std::nullopt;
  }
  if (shipped != hash) {
    return true;
  }
  if (!present) {
    return std::nullopt;  // uninstalled
  }
  return false;
}

Result<void> ShippedPackages::unpack(const package::PackageSource& source, const std::string& hash) {
  Result<void> begun = record(source.id, std::string(unpacking) + hash);
  if (!begun) {
    return begun;
  }
  Result<void> unpacked = vfs_.install_package(source.id, source.zip);
  if (!unpacked) {
    return unpacked;
  }
  return record(source.id, hash);
}

Result<void> ShippedPackages::record(const PackageId& package, const std::string& value) {
  kernel::Batch batch;
  batch.put(record_key(package), Bytes::copy_of(value));
  Result<uint64_t> written = journal_.write(batch);
  if (!written) {
    return std::unexpected(written.error());
  }
  auto durable = std::make_shared<std::promise<void>>();
  journal_.when_durable(*written, [durable] { durable->set_value(); });
  if (durable->get_future().wait_for(disk_patience) != std::future_status::ready) {
    return fail("the disk did not take a record in {} s; is it full?", disk_patience.count());
  }
  return {};
}

void ShippedPackages::install(kernel::Kernel& kernel) {
  struct Made {
    ProcessId id;
    const package::ManifestEntry* entry;
  };
  std::vector<Made> made;
  for (const Unpacked& unpacked : unpacked_) {
    for (const package::ManifestEntry& entry : unpacked.source.manifest.entries) {
      Result<ProcessId> id = entry.process_id(unpacked.source.id);
      if (id && !unpacked.updated && kernel.exists(*id)) {
        continue;
      }
      Result<void> done = id ? install(kernel, unpacked.source, entry, *id) : std::unexpected(id.error());
      if (!done) {
        say_(fmt::format("{}: {} is not started: {}", unpacked.source.id.text(), entry.process_name,
                         done.error().message));
        continue;
      }
      made.push_back({std::move(*id), &entry});
    }
  }
  for (const Made& process : made) {
    for (const package::CapabilityItem& item : process.entry->grant_capabilities) {
      Result<Capability> granted = item.granted(kernel.local(process.id));
      if (granted) {
        kernel.promise(item.process, {*granted});
      } else {
        say_(fmt::format("{}: {}", process.id.text(), granted.error().message));
      }
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
