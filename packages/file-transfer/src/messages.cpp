#include "messages.h"

#include <algorithm>
#include <utility>

namespace file_transfer {

using kinode::Json;
using kinode::member;

namespace {

bool is_sha256(std::string_view text) {
  return text.size() == 64 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

Json to_json(const kinode::Address& address) {
  return {{"node", address.node},
          {"process",
           {{"process_name", address.process.process_name},
            {"package_name", address.process.package_name},
            {"publisher_node", address.process.publisher_node}}}};
}

std::optional<kinode::Address> address_of(const Json& json) {
  if (json.is_string()) return kinode::Address::parse(json.get_ref<const std::string&>());
  const Json& process = member(json, "process");
  auto node = kinode::text_member(json, "node");
  auto name = kinode::text_member(process, "process_name");
  auto package = kinode::text_member(process, "package_name");
  auto publisher = kinode::text_member(process, "publisher_node");
  if (!node || !name || !package || !publisher) return std::nullopt;
  return kinode::Address{std::move(*node), {std::move(*name), std::move(*package), std::move(*publisher)}};
}

Json to_json(const Download& download) {
  return {{"Download",
           {{"name", download.name},
            {"target", to_json(download.target)},
            {"is_requestor", download.is_requestor},
            {"protocol", download.protocol}}}};
}

Json to_json(const Offer& offer) {
  return {{"Offer", {{"name", offer.name}, {"size", offer.size}, {"sha256", offer.sha256}}}};
}

Json to_json(const Chunk& chunk) {
  return {{"Chunk", {{"name", chunk.name}, {"offset", chunk.offset}, {"length", chunk.length}}}};
}

std::optional<Download> download_of(const Json& arguments) {
  auto name = kinode::text_member(arguments, "name");
  auto target = address_of(member(arguments, "target"));
  const auto is_requestor = kinode::bool_member(arguments, "is_requestor");
  if (!name || !target || !is_requestor) return std::nullopt;
  const uint64_t protocol = kinode::number_member(arguments, "protocol").value_or(1);
  return Download{std::move(*name), std::move(*target), *is_requestor, protocol};
}

std::optional<Offer> offer_of(const Json& arguments) {
  auto name = kinode::text_member(arguments, "name");
  const auto size = kinode::number_member(arguments, "size");
  auto sha256 = kinode::text_member(arguments, "sha256");
  if (!name || !size || !sha256 || !is_sha256(*sha256)) return std::nullopt;
  return Offer{std::move(*name), *size, std::move(*sha256)};
}

std::optional<Chunk> chunk_of(const Json& arguments) {
  auto name = kinode::text_member(arguments, "name");
  const auto offset = kinode::number_member(arguments, "offset");
  const auto length = kinode::number_member(arguments, "length");
  if (!name || !offset || !length) return std::nullopt;
  return Chunk{std::move(*name), *offset, *length};
}

std::string ok(const char* message, Json value) {
  Json result = Json::object();
  result["Ok"] = std::move(value);
  return kinode::dump({{message, std::move(result)}});
}

std::string err(const char* message, std::string_view why) {
  Json result = Json::object();
  result["Err"] = why;
  return kinode::dump({{message, std::move(result)}});
}

Answer answer_of(const char* message, std::string_view body) {
  const auto json = kinode::parse_json(body);
  const Json& result = json ? member(*json, message) : member(Json(), message);
  if (result.is_object() && result.contains("Ok")) return {result["Ok"], std::nullopt};
  return {nullptr, kinode::text_member(result, "Err").value_or("an answer that is not understood")};
}

std::optional<Named> message_of(std::string_view body) {
  auto json = kinode::parse_json(body);
  if (!json) return std::nullopt;
  if (json->is_string()) return Named{json->get<std::string>(), nullptr};
  if (!json->is_object() || json->size() != 1) return std::nullopt;
  return Named{json->begin().key(), std::move(json->begin().value())};
}

}  // namespace file_transfer
