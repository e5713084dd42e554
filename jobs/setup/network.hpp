#pragma once
// Which device and precision the network runs with: the same on every rank, so that one file holds one kind of rows.

#include <string>

#include "console/options.hpp"
#include "pool3/mpi.hpp"
#include "pool3/network.hpp"

namespace pool3::jobs {

/// Declares --device.
void declare_device(OptionParser& parser, std::string& device);

/// Throws Error (usage) for words that these flags don't know; an empty profile is the weights' own.
void check_choice(const std::string& device, const std::string& precision, const std::string& profile);

/// Where the network runs on this rank.
struct DeviceChoice {
  Device device = Device::cpu;
  int gpu = 0;                                    ///< ranks of one node take its GPUs in turn
  Instructions instructions = Instructions::any;  ///< what every rank's CPU has
};
/// "cpu", "cuda", or "auto": the GPUs if every rank has one. Throws Error if "cuda" can't be had. Collective.
[[nodiscard]] DeviceChoice agree_device(const Communicator& comm, const std::string& wanted);

/// "fp32", "bf16", "fp16", or "auto": what is fast on the device of every rank, without loss. fp32 for TorchScript
/// networks, which may bear nothing else. Throws Error. Collective.
[[nodiscard]] Precision agree_precision(const Communicator& comm, const std::string& wanted, const DeviceChoice& where,
                                        bool is_torchscript);

/// The precision to predict with from features of this precision: the same, but fp32 for fp16 on the CPU, and for int8
/// where there is no AMX.
[[nodiscard]] Precision precision_like(const std::string& features_precision, const DeviceChoice& where);

[[nodiscard]] NetworkOptions network_options(Precision precision, int batch, const DeviceChoice& where);

/// Puts the profile that is named, if any, in the place of the weights' own. Throws Error (usage) if none is named and
/// the weights can't tell theirs. REQUIRES: a known profile.
void set_profile(Weights& weights, const std::string& profile);

}  // namespace pool3::jobs
