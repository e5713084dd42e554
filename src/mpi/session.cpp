#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "mpi/return_codes.hpp"
#include "mpi/silent_ranks.hpp"
#include "pool3/mpi.hpp"

namespace pool3 {
namespace {

bool has_launcher() {
  constexpr std::array names = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMIX_NAMESPACE", "PMI_RANK"};
  return std::ranges::any_of(names, [](const char* name) { return std::getenv(name) != nullptr; });
}

}  // namespace

MpiSession::MpiSession(int& argc, char**& argv) {
  // A rank whose message is not there yet lets others have its core. It may be that of the rank which is to send it.
  ::setenv("OMPI_MCA_mpi_yield_when_idle", "1", /*overwrite=*/0);
  // A rank that no launcher has started needs no daemon of Open MPI beside it, which would look for ssh on the PATH,
  // and no folder in $TMPDIR, which may be full, and which others that end at that moment may take away.
  ::setenv("OMPI_MCA_ess_singleton_isolated", "1", /*overwrite=*/0);
  if (!has_launcher()) ::setenv("OMPI_MCA_orte_create_session_dirs", "0", /*overwrite=*/0);
  int provided = 0;
  mpi::check_mpi(MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
  mpi::check_mpi(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  if (provided < MPI_THREAD_FUNNELED) {
    throw Error({.stage = "mpi", .cause = "this MPI gives no thread support", .advice = "pool3 needs FUNNELED"});
  }
  mpi::open_watch();
}

MpiSession::~MpiSession() {
  if (std::uncaught_exceptions() != 0) return;
  mpi::close_watch();
  MPI_Finalize();
}

void abort_all(const Communicator& comm, ExitCode code) {
  MPI_Abort(comm.native(), static_cast<int>(code));
  std::abort();  // MPI_Abort does not return
}

void exit_all(ExitCode code) {
  std::fflush(nullptr);
  MPI_Finalize();
  std::_Exit(static_cast<int>(code));
}

}  // namespace pool3
