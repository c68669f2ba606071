// Judges from its events whether an answer is complete.
#pragma once

#include <libcache/answer.h>

#include <cstddef>
#include <string>

#include "answer/findings.h"
#include "answer/framing/event.h"
#include "answer/protocol.h"
#include "answer/shapes/general.h"

namespace libcache::internal {

bool is_success(int status);
// The verdict that an HTTP status gives on an answer.
Verdict judge_status(int status);

// One thread at a time.
class Judge {
 public:
  // The HTTP status of the answer is 2xx. Call it before the first event.
  void know_success() { is_known_success_ = true; }
  void read(const AnswerEvent& event);

  bool has_protocol() const { return protocol_ != nullptr; }
  // Whether the events so far are those of a stream, not a response.
  bool is_stream() const;

  // The answer has ended. The judge cannot be used again.
  Verdict finish();

 private:
  void read_whole(const AnswerEvent& event);
  bool read_trailing_number(const AnswerEvent& event);
  void find_protocol_of(const AnswerEvent& event);
  void read_shape(const AnswerEvent& event);
  bool is_body() const;
  std::string describe_lack() const;

  bool is_known_success_ = false;
  const Protocol* protocol_ = nullptr;
  bool is_doubtful_ = false;  // whether the next event decides on the protocol
  Findings findings_;
  EventForm form_ = EventForm::value;
  std::size_t count_ = 0;   // of events, without pings and [DONE]
  std::size_t bodies_ = 0;  // of events that are each a whole answer
  bool is_last_whole_ = true;
  bool has_cut_event_ = false;
  bool has_bedrock_end_ = false;                // metrics follow the last event of any model
  std::string early_error_;                     // in an event before the protocol was known
  Completeness last_ = Completeness::complete;  // of the last event, while no protocol is known
  std::string last_reason_;
  std::string trailing_status_;  // a bare number after the last value that is the status of an HTTP error
};

}  // namespace libcache::internal
