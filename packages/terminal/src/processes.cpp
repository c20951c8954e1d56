#include "processes.h"

#include <algorithm>
#include <vector>

#include "table.h"

namespace terminal {

using kinode::Json;

namespace {

bool is_part_of_node(const Json& process) {
  return kinode::text_member(process, "wasm_bytes_handle").value_or("").empty();
}

std::string on_exit_text(const Json& process) {
  const Json& on_exit = kinode::member(process, "on_exit");
  return on_exit.is_string() ? on_exit.get<std::string>() : "Requests";
}

Row row_of(const std::string& id, const Json& process) {
  return {id, is_part_of_node(process) ? "the node" : on_exit_text(process),
          kinode::bool_member(process, "public").value_or(false) ? "yes" : "no",
          std::to_string(kinode::member(process, "capabilities").size())};
}

}  // namespace

std::string processes_text(const Json& map) {
  std::vector<Row> guests;
  std::vector<Row> parts;
  for (const auto& [id, process] : map.items()) {
    (is_part_of_node(process) ? parts : guests).push_back(row_of(id, process));
  }
  std::vector<Row> rows = {{"process", "on exit", "public", "capabilities"}};
  rows.insert(rows.end(), guests.begin(), guests.end());
  rows.insert(rows.end(), parts.begin(), parts.end());
  return table(rows) + "\n" + std::to_string(guests.size()) + " of packages, " + std::to_string(parts.size()) +
         " of the node";
}

std::string process_text(const kinode::ProcessId& id, const Json& process, bool with_capabilities) {
  std::vector<Row> rows = {{"process", id.text()}};
  if (is_part_of_node(process)) {
    rows.push_back({"component", "a part of the node"});
  } else {
    rows.push_back({"component", *kinode::text_member(process, "wasm_bytes_handle")});
    rows.push_back({"on exit", on_exit_text(process)});
  }
  rows.push_back({"public", kinode::bool_member(process, "public").value_or(false) ? "yes" : "no"});
  const Json& held = kinode::member(process, "capabilities");
  rows.push_back({"capabilities", std::to_string(held.size())});
  if (!with_capabilities) return table(rows);
  std::vector<Row> lines;
  for (const Json& capability : held) {
    lines.push_back({"  " + kinode::text_member(capability, "issuer").value_or("?"),
                     kinode::text_member(capability, "params").value_or("?")});
  }
  std::ranges::sort(lines);
  return table(rows) + (lines.empty() ? "" : "\n" + table(lines));
}

}  // namespace terminal
