#include "kit/start_package.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <ostream>
#include <set>

#include "kit/app_store.h"
#include "kit/rpc_client.h"
#include "package/archive.h"
#include "package/bundle.h"
#include "package/hash.h"

namespace kinode::kit {
namespace {

/// Reads a package folder.
Result<package::PackageSource> open_folder(const std::string& folder) {
  std::error_code error;
  for (const char* needed : {"metadata.json", "pkg", "pkg/manifest.json"}) {
    const auto path = std::filesystem::path(folder) / needed;
    if (!std::filesystem::exists(path, error)) {
      return fail("{} is missing: `{}` is not the folder of a built package", path.string(), folder);
    }
  }
  auto packages = package::open_packages(folder);
  if (!packages) {
    return std::unexpected(packages.error());
  }
  if (packages->size() != 1) {
    return fail("`{}` holds {} packages: name the folder of one", folder, packages->size());
  }
  return std::move(packages->front());
}

/// Whether every process of the manifest can be started from what is in pkg/.
Result<void> check_manifest(const package::PackageSource& source) {
  auto archive = package::Archive::open(source.zip);
  if (!archive) {
    return std::unexpected(archive.error());
  }
  std::set<std::string> names;
  for (const package::ManifestEntry& entry : source.manifest.entries) {
    const std::string place = "pkg/manifest.json: process " + entry.process_name;
    if (auto id = entry.process_id(source.id); !id) {
      return std::unexpected(id.error().at(place));
    }
    if (!names.insert(entry.process_name).second) {
      return fail("{}: the name stands twice", place);
    }
    auto wasm = entry.wasm_entry();
    if (!wasm) {
      return std::unexpected(wasm.error().at(place));
    }
    if (!wasm->ends_with(".wasm")) {
      return fail("{}: process_wasm_path `{}` must end in .wasm", place, entry.process_wasm_path);
    }
    if (!archive->contains(*wasm)) {
      return fail("{}: there is no pkg/{}; is the package built?", place, *wasm);
    }
  }
  return {};
}

}  // namespace

Result<int> start_package(const StartPackage& options, Console console) {
  auto source = open_folder(options.folder);
  if (!source) {
    return std::unexpected(source.error());
  }
  if (auto checked = check_manifest(*source); !checked) {
    return std::unexpected(checked.error());
  }
  for (const std::string& problem : source->manifest.problems) {
    console.err << "Warning: pkg/manifest.json: " << problem << '\n';
  }
  const RpcClient client(options.port);
  const AppStore store(client);
  if (auto taken = store.new_package(source->id, source->zip); !taken) {
    return std::unexpected(taken.error().at("cannot hand over " + source->id.text()));
  }
  const std::string hash = package::sha256_hex(source->zip.span());
  if (auto installed = store.install(source->id, hash, source->metadata); !installed) {
    return std::unexpected(installed.error().at("cannot install " + source->id.text()));
  }
  console.out << "Installed and started " << source->id.text() << " on the node at " << client.url() << '\n';
  return 0;
}

void add_start_package(CLI::App& app, Command& chosen) {
  CLI::App* command = app.add_subcommand("start-package", "Install a built package on a node and start it");
  command->alias("s");
  auto options = std::make_shared<StartPackage>();
  command->add_option("dir", options->folder, "The package's folder, with metadata.json and pkg/")
      ->capture_default_str();
  add_port_option(*command, options->port);
  command->callback(
      [options, &chosen] { chosen = [options](Console console) { return start_package(*options, console); }; });
}

}  // namespace kinode::kit
