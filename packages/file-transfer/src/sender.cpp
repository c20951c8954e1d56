#include "sender.h"

#include <utility>

namespace file_transfer {

using kinode::Json;

namespace {

constexpr uint64_t offer_timeout_s = 60;
constexpr uint64_t chunk_timeout_s = 120;
// The receiver hashes the file meanwhile.
constexpr uint64_t finish_timeout_s = 1800;

}  // namespace

Sender::Sender(uint64_t id, const kinode::Address& our, kinode::Address parent, Download order)
    : id_(id),
      parent_(std::move(parent)),
      order_(std::move(order)),
      path_(Paths(our.process.package()).file(order_.name)) {
  progress_.name = order_.name;
  progress_.peer = order_.target.text();
  progress_.direction = "upload";
}

void Sender::begin() {
  enter("hashing");
  call_vfs({path_, "Metadata", tag(Tag::What::size)});
  if (!is_first_protocol()) call_vfs({path_, "Hash", tag(Tag::What::hash)});
}

void Sender::reply(const Reply& reply) {
  switch (reply.tag.what) {
    case Tag::What::size:
      return sized(reply);
    case Tag::What::hash:
      return hashed(reply);
    case Tag::What::offer:
      return offer_answered(reply);
    case Tag::What::read:
      return has_read(reply);
    case Tag::What::chunk:
      return chunk_answered(reply);
    case Tag::What::finish:
      return finish_answered(reply);
    default:
      return;
  }
}

// ---- the offer -----------------------------------------------------------------------------------

void Sender::sized(const Reply& reply) {
  const auto answer = vfs_answer(reply);
  if (!answer) return abort("cannot read the file: " + answer.error());
  progress_.size = kinode::number_member(kinode::member(*answer, "Metadata"), "len").value_or(0);
  if (!is_first_protocol()) return;
  tell(order_.target, {{"Size", *progress_.size}});
  start(0);
}

void Sender::hashed(const Reply& reply) {
  auto sha256 = sha256_of(vfs_answer(reply));
  if (!sha256) return abort("cannot hash the file: " + sha256.error());
  progress_.sha256 = std::move(*sha256);
  enter("waiting");
  const Offer offer{order_.name, *progress_.size, *progress_.sha256};
  ask(order_.target, to_json(offer), tag(Tag::What::offer), offer_timeout_s);
}

void Sender::offer_answered(const Reply& reply) {
  const auto value = value_of("Offer", reply);
  if (!value) return;
  const auto offset = kinode::number_member(*value, "offset");
  if (!offset || *offset > *progress_.size) return abort("the receiver wants to go on outside of the file");
  start(*offset);
}

void Sender::start(uint64_t offset) {
  // Without acknowledgements the next chunk is read when the one before is on its way.
  constexpr SendWindow::Limits unacknowledged = {first_protocol_chunk_bytes, first_protocol_chunk_bytes, 1};
  constexpr SendWindow::Limits acknowledged = {shortest_chunk_sent, longest_chunk_sent, most_chunks_in_flight};
  window_.emplace(*progress_.size, offset, is_first_protocol() ? unacknowledged : acknowledged);
  next_chunk_ = offset;
  progress_.bytes = progress_.resumed_from = offset;
  meter_.start(Clock::now());
  enter("running");
  go_on();
}

// ---- chunks --------------------------------------------------------------------------------------

void Sender::read_on() {
  while (const auto piece = window_->next(Clock::now())) {
    tell_vfs(path_, {{"Seek", {{"Start", piece->offset}}}});
    call_vfs({path_, {{"ReadExact", {{"length", piece->length}}}}, tag(Tag::What::read, piece->length)});
  }
}

void Sender::has_read(const Reply& reply) {
  if (const auto answer = vfs_answer(reply); !answer) return abort("cannot read the file: " + answer.error());
  if (!kinode::has_blob()) return abort("the vfs gave no bytes");
  const Piece piece{next_chunk_, reply.tag.number};
  next_chunk_ += piece.length;
  send_chunk(piece);
}

void Sender::send_chunk(const Piece& piece) {
  const Json message = to_json(Chunk{order_.name, piece.offset, piece.length});
  if (!is_first_protocol()) {
    return ask(order_.target, message, tag(Tag::What::chunk), chunk_timeout_s, true);
  }
  // What inherits and expects nothing carries on the order, whose answer is given already: so the bytes are copied.
  kinode::send({.target = order_.target, .request = {.body = kinode::dump(message)}, .blob = kinode::get_blob()});
  acknowledged();
}

void Sender::chunk_answered(const Reply& reply) {
  if (value_of("Chunk", reply)) acknowledged();
}

void Sender::acknowledged() {
  const uint64_t before = window_->acknowledged();
  window_->acknowledge(Clock::now());
  progress_.bytes = window_->acknowledged();
  meter_.add(progress_.bytes - before, Clock::now());
  go_on();
}

void Sender::go_on() {
  if (!window_->all_acknowledged()) return read_on();
  if (is_first_protocol()) return enter("done");
  enter("verifying");
  ask(order_.target, {{"Finish", {{"name", order_.name}}}}, tag(Tag::What::finish), finish_timeout_s);
}

void Sender::finish_answered(const Reply& reply) {
  if (value_of("Finish", reply)) enter("done");
}

// ---- ends ----------------------------------------------------------------------------------------

std::optional<Json> Sender::value_of(const char* message, const Reply& reply) {
  if (reply.lost) {
    fail("the receiver does not answer: " + *reply.lost);
    return std::nullopt;
  }
  Answer answer = answer_of(message, reply.body);
  if (answer.error) {
    fail("the receiver says: " + *answer.error);
    return std::nullopt;
  }
  return std::move(answer.value);
}

void Sender::tick() const {
  if (!is_first_protocol()) tell(order_.target, {{"Alive", {{"name", order_.name}}}});
  report();
}

void Sender::cancel() {
  if (!is_first_protocol()) tell(order_.target, {{"Abort", {{"name", order_.name}, {"error", "cancelled"}}}});
  enter("cancelled");
}

void Sender::abort(std::string why) {
  if (!is_first_protocol()) tell(order_.target, {{"Abort", {{"name", order_.name}, {"error", why}}}});
  fail(std::move(why));
}

void Sender::fail(std::string why) {
  progress_.error = std::move(why);
  enter("failed");
}

void Sender::enter(const char* state) {
  progress_.state = state;
  report();
}

void Sender::report() const {
  Progress now = progress_;
  now.rate = meter_.rate();
  tell(parent_, {{"Progress", to_json(now)}});
}

}  // namespace file_transfer
