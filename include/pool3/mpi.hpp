#pragma once
// MPI with every return code checked. Nothing but `main` touches MPI_COMM_WORLD.

#include <mpi.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pool3/error.hpp"

namespace pool3 {

/// Initialises MPI (FUNNELED) for the life of the program; construct once, in main.
class MpiSession {
 public:
  MpiSession(int& argc, char**& argv);
  ~MpiSession();  ///< finalises, unless the stack is being unwound
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;
};

/// Ranks that wait for others ask them after so long whether they are there. One rank, any of those that wait, tells
/// `say` in one line which do not answer, and again when they are heard of. Without this call: after a minute, on
/// stderr.
void name_silent_ranks(double after_seconds, std::function<void(const std::string&)> say);

/// Owns a communicator made by this program. Move-only. Errors become pool3::Error.
class Communicator {
 public:
  /// A duplicate of MPI_COMM_WORLD. Collective.
  static Communicator world();
  Communicator(Communicator&& other) noexcept;
  Communicator& operator=(Communicator&& other) noexcept;
  ~Communicator();

  [[nodiscard]] int rank() const { return rank_; }
  [[nodiscard]] int size() const { return size_; }
  [[nodiscard]] bool is_root() const { return rank_ == 0; }
  [[nodiscard]] MPI_Comm native() const { return comm_; }
  /// Payload bytes this rank has handed to sums, maxima, broadcasts and exchanges so far.
  [[nodiscard]] std::int64_t bytes_sent() const { return bytes_sent_; }

  /// Ranks with the same colour form a new communicator, in order of rank. Collective.
  [[nodiscard]] Communicator split(int colour) const;
  /// Ranks that share this rank's node. Collective.
  [[nodiscard]] Communicator split_by_node() const;

  // Collective, all of them: every rank must call. Lengths agree on all ranks; any length is fine (calls are
  // cut below MPI's 2^31 limit). The result is the same, bit for bit, on every rank.
  void barrier() const;
  void sum(std::span<double> values) const;
  void sum(std::span<float> values) const;
  void sum(std::span<std::int64_t> values) const;
  void max(std::span<double> values) const;
  [[nodiscard]] std::int64_t sum(std::int64_t value) const;
  [[nodiscard]] double sum(double value) const;
  [[nodiscard]] double max(double value) const;
  [[nodiscard]] bool all(bool value) const;
  /// Copies the root's bytes to every rank, and resizes them there.
  void broadcast(std::string& bytes) const;
  void broadcast(std::span<double> values) const;
  void broadcast(std::span<float> values) const;
  /// Returns every rank's bytes on the root, by rank; nothing on the others.
  [[nodiscard]] std::vector<std::string> gather(const std::string& bytes) const;
  /// Gives each rank its part of the root's `parts`, one for each rank. What other ranks pass is ignored.
  [[nodiscard]] std::string scatter(const std::vector<std::string>& parts) const;
  /// Sends each of `parts` to its rank, this one included. Returns what came, by rank.
  [[nodiscard]] std::vector<std::string> exchange(const std::vector<std::string>& parts) const;

  /// Runs `action` on the root. If it throws Error, every rank throws that error, as a collective one. Collective.
  void root_does(const std::function<void()>& action) const;
  /// Runs `action` on every rank. If any throws Error, every rank throws the error of the lowest such rank,
  /// as a collective one. Collective; `action` must not be.
  void all_do(const std::function<void()>& action) const;

 private:
  explicit Communicator(MPI_Comm owned);
  void throw_if_any(const std::optional<ErrorFields>& mine) const;
  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0;
  int size_ = 1;
  mutable std::int64_t bytes_sent_ = 0;
};

/// How a parallel file system is asked to lay out a new file; 0: as its folder says.
struct StripeHints {
  std::int64_t count = 0;  ///< servers
  std::int64_t bytes = 0;  ///< that go to one of them in a row
};

/// Creates an empty file through MPI-IO with these hints, which MPI and the file system may not know. Call on one rank.
/// Throws Error.
void create_striped(const std::string& path, const StripeHints& hints);

/// Ends every rank of the job with this exit code, now. For errors that only this rank knows of.
[[noreturn]] void abort_all(const Communicator& comm, ExitCode code);

/// Ends this process with this exit code and no destructors: threads may still be at work. Every rank must call this.
[[noreturn]] void exit_all(ExitCode code);

}  // namespace pool3
