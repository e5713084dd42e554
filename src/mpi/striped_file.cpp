#include <fmt/format.h>

#include "mpi/return_codes.hpp"
#include "pool3/mpi.hpp"

namespace pool3 {
namespace {

/// The hints of MPI_File_open. Move-only.
class Info {
 public:
  Info() { mpi::check_mpi(MPI_Info_create(&info_), "MPI_Info_create"); }
  ~Info() { MPI_Info_free(&info_); }
  Info(const Info&) = delete;
  Info& operator=(const Info&) = delete;

  void set(const char* name, std::int64_t value) {
    if (value > 0) mpi::check_mpi(MPI_Info_set(info_, name, fmt::to_string(value).c_str()), "MPI_Info_set");
  }
  [[nodiscard]] MPI_Info native() const { return info_; }

 private:
  MPI_Info info_ = MPI_INFO_NULL;
};

}  // namespace

void create_striped(const std::string& path, const StripeHints& hints) {
  Info info;
  info.set("striping_factor", hints.count);  // MPI's names, which ROMIO knows
  info.set("striping_unit", hints.bytes);
  info.set("stripe_width", hints.count);  // Open MPI's own
  info.set("stripe_size", hints.bytes);
  try {
    MPI_File file = MPI_FILE_NULL;
    mpi::check_mpi(MPI_File_open(MPI_COMM_SELF, path.c_str(), MPI_MODE_CREATE | MPI_MODE_EXCL | MPI_MODE_RDWR,
                                 info.native(), &file),
                   "MPI_File_open");
    mpi::check_mpi(MPI_File_close(&file), "MPI_File_close");
  } catch (const Error& error) {
    throw Error({.stage = "create a striped file",
                 .path = path,
                 .cause = error.fields().cause,
                 .advice = "leave --stripe-count and --stripe-size out; lfs setstripe on the folder does the same"});
  }
}

}  // namespace pool3
