#include "receiver.h"

#include <kinode/vfs.h>

#include <utility>

namespace file_transfer {

using kinode::Json;
using kinode::member;

namespace {

constexpr std::chrono::milliseconds between_ticks{500};
/// A sender says something at every tick, whatever it is at.
constexpr std::chrono::seconds longest_silence{10};
/// After so long a silence the sender's node is asked for a sign of life.
constexpr std::chrono::milliseconds odd_silence{1500};
constexpr uint64_t probe_timeout_s = 5;
/// One of the first protocol only sends long chunks.
constexpr std::chrono::seconds longest_silence_of_first_protocol{60};
// Who ordered the download wants to know in less than what programs wait for an answer.
constexpr uint64_t ask_timeout_s = 10;

}  // namespace

Receiver::Receiver(kinode::Address our, kinode::Address parent, Download order)
    : our_(std::move(our)), parent_(std::move(parent)), order_(std::move(order)), paths_(our_.process.package()) {
  progress_.name = order_.name;
  progress_.peer = order_.target.text();
  progress_.direction = "download";
}

// ---- asking --------------------------------------------------------------------------------------

void Receiver::begin() {
  ask_peer();
  set_tick(between_ticks, {Tag::What::tick});
}

void Receiver::ask_peer() {
  enter("asking");
  const Download download{order_.name, order_.target, false, protocol_with_offers};
  ask(order_.target, to_json(download), {Tag::What::download}, ask_timeout_s);
}

void Receiver::asked(const Reply& reply) {
  const Answer answer = reply.lost ? Answer{nullptr, silence(*reply.lost)} : answer_of("Download", reply.body);
  if (owes_answer_) {
    owes_answer_ = false;
    if (answer.error) kinode::respond({.body = err("Download", *answer.error)});
    if (answer.error) return fail(*answer.error);
    kinode::respond({.body = ok("Download")});
  } else if (reply.lost) {
    return lost_sender(*answer.error);
  } else if (answer.error) {
    return fail(*answer.error);
  }
  // The sender may have been faster than this answer.
  if (progress_.state == "asking") enter("waiting");
}

std::string Receiver::silence(std::string_view kind) const {
  return order_.target.node + (kind == "Offline" ? " is offline" : " gives no answer");
}

bool Receiver::is_of_peer(const kinode::Address& source) const {
  return source.node == order_.target.node && source.process.package() == order_.target.process.package();
}

void Receiver::request(const kinode::Address& source, const Named& message, bool is_answered) {
  if (!is_of_peer(source)) return;
  last_heard_ = Clock::now();
  if (message.name == "Offer" && is_answered) return offered(source, message.arguments);
  if (message.name == "Size") return size_told(source, message.arguments);
  if (message.name == "Alive") return;
  if (!is_sender(source)) {
    // One that a newer one has replaced.
    if (is_answered) kinode::respond({.body = err(message.name.c_str(), "another sender is at it")});
    return;
  }
  if (message.name == "Chunk") return chunk(message.arguments, is_answered);
  if (message.name == "Finish" && is_answered) return finish(true);
  if (message.name == "Abort") {
    return fail("the sender gave up: " +
                kinode::text_member(message.arguments, "error").value_or("it does not say why"));
  }
}

void Receiver::reply(const Reply& reply) {
  switch (reply.tag.what) {
    case Tag::What::tick:
      return tick();
    case Tag::What::ask_again:
      return progress_.state == "retrying" ? ask_peer() : void();
    case Tag::What::download:
      return asked(reply);
    case Tag::What::probe:
      return probed(reply);
    default:
      break;
  }
  if (reply.tag.transfer != generation_ || !incoming_) return;
  switch (reply.tag.what) {
    case Tag::What::write:
      return chunk_written(reply);
    case Tag::What::place:
      return chunk_placed(reply);
    case Tag::What::sync:
      return synced(reply);
    case Tag::What::hash:
      return hashed(reply);
    default:
      return;
  }
}

// ---- beginning -----------------------------------------------------------------------------------

void Receiver::offered(const kinode::Address& source, const Json& arguments) {
  const auto offer = offer_of(arguments);
  if (!offer || offer->name != order_.name || offer->size > longest_file) {
    return kinode::respond({.body = err("Offer", "this offer is not understood, or not of the file asked for")});
  }
  if (progress_.state == "verifying") return kinode::respond({.body = err("Offer", "all of it is here already")});
  // No answer that belongs to the sender before counts any more, whatever comes of this.
  ++generation_;
  incoming_.reset();
  const auto offset = prepare(*offer);
  if (!offset) {
    kinode::respond({.body = err("Offer", offset.error())});
    return fail(offset.error());
  }
  is_first_protocol_ = false;
  progress_.sha256 = offer->sha256;
  start(source, offer->size, *offset);
  kinode::respond({.body = ok("Offer", {{"offset", *offset}})});
}

void Receiver::size_told(const kinode::Address& source, const Json& arguments) {
  if (!arguments.is_number_unsigned() || arguments.get<uint64_t>() > longest_file || progress_.state == "verifying") {
    return;
  }
  ++generation_;
  incoming_.reset();
  // Without a hash nothing says whether a part belongs to this file.
  discard_part();
  if (auto opened = open_part(0); !opened) return fail(opened.error());
  is_first_protocol_ = true;
  progress_.sha256.reset();
  start(source, arguments.get<uint64_t>(), 0);
  if (incoming_->is_whole()) finish(false);
}

std::expected<uint64_t, std::string> Receiver::prepare(const Offer& offer) {
  const auto there = part_of(offer);
  if (there && *there <= offer.size) {
    if (auto opened = open_part(*there); !opened) return std::unexpected(opened.error());
    return *there;
  }
  discard_part();
  const Json origin = {{"name", offer.name}, {"size", offer.size}, {"sha256", offer.sha256}, {"peer", progress_.peer}};
  // The part comes after the record that it belongs to, so none is ever taken for that of another file.
  if (auto written = kinode::vfs::write(paths_.origin(offer.name), kinode::dump(origin)); !written) {
    return std::unexpected("cannot write beside the part: " + written.error().text);
  }
  if (auto opened = open_part(0); !opened) return std::unexpected(opened.error());
  return 0;
}

std::expected<uint64_t, std::string> Receiver::part_of(const Offer& offer) const {
  const auto text = kinode::vfs::read(paths_.origin(offer.name));
  const auto origin = text ? kinode::parse_json(text->text()) : std::nullopt;
  if (!origin || kinode::number_member(*origin, "size") != offer.size ||
      kinode::text_member(*origin, "sha256") != offer.sha256) {
    return std::unexpected("of another file");
  }
  const auto part = kinode::vfs::metadata(paths_.part(offer.name));
  if (!part) return std::unexpected(part.error().text);
  return part->size;
}

std::expected<void, std::string> Receiver::open_part(uint64_t offset) const {
  const std::string path = paths_.part(order_.name);
  const auto opened = await_vfs(path, {{"OpenFile", {{"create", true}}}});
  const auto placed = opened ? await_vfs(path, {{"Seek", {{"Start", offset}}}}) : opened;
  if (!placed) return std::unexpected("cannot open the part: " + placed.error());
  return {};
}

void Receiver::start(const kinode::Address& source, uint64_t size, uint64_t offset) {
  sender_ = source;
  incoming_.emplace(size, offset);
  progress_.size = size;
  progress_.bytes = progress_.resumed_from = offset;
  meter_.start(Clock::now());
  enter("running");
}

// ---- taking --------------------------------------------------------------------------------------

void Receiver::chunk(const Json& arguments, bool is_answered) {
  const auto chunk = chunk_of(arguments);
  std::expected<void, Incoming::Refusal> taken = std::unexpected(Incoming::Refusal{"a chunk without bytes", true});
  if (progress_.state != "running" || !incoming_) {
    taken = std::unexpected(Incoming::Refusal{"no chunk is expected", false});
  } else if (chunk && chunk->name == order_.name && kinode::has_blob()) {
    taken = incoming_->take({chunk->offset, chunk->length});
  }
  if (!taken) {
    if (is_answered) kinode::respond({.body = err("Chunk", taken.error().why)});
    if (!taken.error().is_violation) return;
    discard_part();
    return fail("the sender sent " + taken.error().why);
  }
  const std::string path = paths_.part(order_.name);
  call_vfs({path, "WriteAll", tag(Tag::What::write), true});
  call_vfs({path, {{"Seek", {{"Current", 0}}}}, tag(Tag::What::place, incoming_->taken())});
}

void Receiver::chunk_written(const Reply& reply) {
  const auto answer = vfs_answer(reply);
  if (answer) return;
  if (!is_first_protocol_) kinode::respond({.body = err("Chunk", answer.error())});
  fail("cannot write the part: " + answer.error());
}

void Receiver::chunk_placed(const Reply& reply) {
  const auto answer = vfs_answer(reply);
  if (!answer) return fail("cannot write the part: " + answer.error());
  const auto cursor = kinode::number_member(member(*answer, "SeekFrom"), "new_offset");
  const uint64_t before = incoming_->written();
  if (!incoming_->wrote(reply.tag.number, cursor.value_or(0))) {
    if (!is_first_protocol_) kinode::respond({.body = err("Chunk", "not as many bytes as it says")});
    discard_part();
    return fail("the sender sent a chunk with another number of bytes than it said");
  }
  progress_.bytes = incoming_->written();
  meter_.add(incoming_->written() - before, Clock::now());
  back_off_.reset();
  if (is_first_protocol_) {
    if (incoming_->is_whole()) finish(false);
    return;
  }
  // The chunk is the request that the node has us handle again: the vfs was asked on its behalf.
  kinode::respond({.body = ok("Chunk", incoming_->written())});
}

// ---- verifying -----------------------------------------------------------------------------------

void Receiver::finish(bool is_answered) {
  if (progress_.state != "running" || !incoming_ || !incoming_->is_whole()) {
    if (is_answered) kinode::respond({.body = err("Finish", "bytes are missing")});
    return;
  }
  owes_finish_ = is_answered;
  enter("verifying");
  const std::string path = paths_.part(order_.name);
  call_vfs({path, "SyncAll", tag(Tag::What::sync)});
  call_vfs({path, "Hash", tag(Tag::What::hash)});
}

void Receiver::synced(const Reply& reply) {
  const auto answer = vfs_answer(reply);
  if (answer) return;
  answer_finish(err("Finish", answer.error()));
  fail("cannot bring the file to the disk: " + answer.error());
}

void Receiver::hashed(const Reply& reply) {
  if (has_ended()) return;
  const auto sha256 = sha256_of(vfs_answer(reply));
  if (!sha256) {
    answer_finish(err("Finish", sha256.error()));
    return fail("cannot hash the part: " + sha256.error());
  }
  if (is_first_protocol_) progress_.sha256 = *sha256;
  if (progress_.sha256 == *sha256) return put_in_place();

  discard_part();
  const std::string why = "what arrived has the hash " + *sha256 + ", not the one offered";
  answer_finish(err("Finish", why));
  if (progress_.resumed_from == 0 || began_anew_) return fail(why);
  began_anew_ = true;
  lost_sender(why);
}

void Receiver::put_in_place() {
  if (auto renamed = kinode::vfs::rename(paths_.part(order_.name), paths_.file(order_.name)); !renamed) {
    answer_finish(err("Finish", renamed.error().text));
    return fail("cannot give the file its name: " + renamed.error().text);
  }
  (void)kinode::vfs::remove_file(paths_.origin(order_.name));
  answer_finish(ok("Finish"));
  enter("done");
}

void Receiver::answer_finish(std::string body) const {
  if (owes_finish_) kinode::respond({.body = std::move(body)});
}

// ---- time and ends -------------------------------------------------------------------------------

void Receiver::tick() {
  set_tick(between_ticks, {Tag::What::tick});
  const bool listens = progress_.state == "waiting" || progress_.state == "running";
  const auto silence = is_first_protocol_ ? longest_silence_of_first_protocol : longest_silence;
  const auto silent_for = Clock::now() - last_heard_;
  if (listens && silent_for > silence) return lost_sender("the sender is silent");
  if (listens && silent_for > odd_silence && !probing_) {
    probing_ = true;
    ask(sender_.value_or(order_.target), {{"Alive", {{"name", order_.name}}}}, {Tag::What::probe, generation_},
        probe_timeout_s);
  }
  report();
}

void Receiver::probed(const Reply& reply) {
  probing_ = false;
  // That it is not answered means nothing: it may be of the first protocol.
  if (reply.lost == "Offline" && reply.tag.transfer == generation_) lost_sender(silence(*reply.lost));
}

void Receiver::lost_sender(std::string_view why) {
  const auto wait = back_off_.next();
  if (!wait) return fail("gave up: " + std::string(why));
  ++generation_;
  sender_.reset();
  incoming_.reset();
  progress_.attempts = back_off_.attempts();
  progress_.error = why;
  enter("retrying");
  set_tick(*wait, {Tag::What::ask_again});
}

void Receiver::discard_part() const {
  (void)kinode::vfs::remove_file(paths_.part(order_.name));
  (void)kinode::vfs::remove_file(paths_.origin(order_.name));
}

void Receiver::cancel() { enter("cancelled"); }

void Receiver::fail(std::string why) {
  progress_.error = std::move(why);
  enter("failed");
}

void Receiver::enter(const char* state) {
  progress_.state = state;
  if (progress_.state == "waiting") last_heard_ = Clock::now();
  if (progress_.state == "running" || progress_.state == "done") progress_.error.reset();
  report();
}

void Receiver::report() const {
  Progress now = progress_;
  now.rate = meter_.rate();
  tell(parent_, {{"Progress", to_json(now)}});
}

}  // namespace file_transfer
