// Envelope: one thing that a process finds in its mailbox. It is made by the sender's thread, owned by
// one mailbox at a time, then by the process that took it out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

#include "types/message.h"

namespace kinode::kernel {

/// The request that a process is handling: where its response goes, and what inheriting carries on.
struct Prompting {
  uint64_t id;
  Address source;
  std::optional<Address> rsvp;
  bool expects_response;
  /// What came with it, for a guest to inherit.
  std::optional<Blob> blob = std::nullopt;

  /// Who gets the response.
  [[nodiscard]] const Address& answer_to() const { return rsvp ? *rsvp : source; }
};

// What limits count for each.
size_t bytes_of(const Address& address);
size_t bytes_of(const Capability& capability);
size_t bytes_of(const Blob& blob);
size_t bytes_of(const Request& request);
size_t bytes_of(const Response& response);

struct Envelope {
  enum class Kind : uint8_t {
    request,
    response,
    send_error,  // a message of our own, given back
  };
  Kind kind = Kind::request;
  SendErrorKind error = SendErrorKind::timeout;  // for send_error
  uint64_t id = 0;
  /// Who sent it. For a send error the process itself.
  Address source;
  Address target;
  std::optional<Address> rsvp;  // for request
  /// Request or Response by `kind`; for a send error the message given back, either.
  Message message;
  std::optional<Blob> blob;

  // What our own request was sent with; for a response, and for the error of a request.
  std::optional<Bytes> context;
  /// The request that was being handled when ours was sent; the error of a response brings the one
  /// that it answered, so that it can be answered again.
  std::shared_ptr<const Prompting> prompting;

  /// Next in a mailbox.
  std::unique_ptr<Envelope> next;

  [[nodiscard]] const Request& request() const { return std::get<Request>(message); }
  [[nodiscard]] const Response& response() const { return std::get<Response>(message); }
  /// What limits count for it, but for the blob of `prompting`: see KeptBlobs.
  [[nodiscard]] size_t bytes() const;
};

/// Counts the blobs of requests being handled that something keeps with its promptings, each blob once,
/// however many keep it.
class KeptBlobs {
 public:
  void add(const std::shared_ptr<const Prompting>& prompting);
  /// It was added.
  void remove(const std::shared_ptr<const Prompting>& prompting);
  [[nodiscard]] size_t bytes() const { return bytes_; }

 private:
  std::unordered_map<const Prompting*, size_t> keepers_;
  size_t bytes_ = 0;
};

}  // namespace kinode::kernel
