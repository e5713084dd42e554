// Writes FOLDER/f.h5 and FOLDER/m.h5 for tests that read them with other programs. Run under mpirun.
//   store_sample FOLDER [ROWS WIDTH]

#include "support/store_sample.hpp"

#include <algorithm>

#include "pool3/store/model.hpp"

int main(int argc, char** argv) {
  const pool3::MpiSession session(argc, argv);
  if (argc != 2 && argc != 4) return 2;
  const pool3::Communicator comm = pool3::Communicator::world();
  const std::string folder = argv[1];
  pool3::test::Sample sample(argc == 4 ? std::stoll(argv[2]) : 23);
  if (argc == 4) {
    sample.width = std::stoll(argv[3]);
    std::sort(sample.paths.begin(), sample.paths.end());  // as in every catalogue
  }
  sample.write(comm, folder + "/f.h5");
  pool3::Model model;
  model.classes = sample.classes;
  model.coef.resize(3 * static_cast<std::size_t>(sample.width));
  for (std::size_t i = 0; i < model.coef.size(); ++i) model.coef[i] = static_cast<double>(i) / 4;
  model.intercept = {0.5, 1.5, 2.5};
  model.column_gaps = {0, 0, 0};
  model.features = sample.provenance;
  model.loss = "l2";
  if (comm.is_root()) pool3::write_model(model, folder + "/m.h5");
  comm.barrier();
  return 0;
}
