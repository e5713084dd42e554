// Writes FOLDER/f.h5 and FOLDER/m.h5 for tests that read them with other programs. Run under mpirun.

#include "support/store_sample.hpp"

#include "pool3/model.hpp"

int main(int argc, char** argv) {
  const pool3::MpiSession session(argc, argv);
  if (argc != 2) return 2;
  const pool3::Communicator comm = pool3::Communicator::world();
  const std::string folder = argv[1];
  const pool3::test::Sample sample(23);
  sample.write(comm, folder + "/f.h5");
  pool3::Model model;
  model.classes = sample.classes;
  model.coef.resize(std::size_t{3} * 2048);
  for (std::size_t i = 0; i < model.coef.size(); ++i) model.coef[i] = static_cast<double>(i) / 4;
  model.intercept = {0.5, 1.5, 2.5};
  model.column_gaps = {0, 0, 0};
  model.features = sample.provenance;
  model.loss = "l2";
  if (comm.is_root()) pool3::write_model(model, folder + "/m.h5");
  comm.barrier();
  return 0;
}
