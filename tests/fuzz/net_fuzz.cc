// The network is built too: sizes are inferred there, and parameters allocated.
#include <string_view>

#include "fuzz/fuzz_target.h"
#include "nn/net_text.h"
#include "nn/network.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return fovea::fuzz::run(data, size, [](std::span<const std::byte> bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    fovea::nn::NetText net = fovea::nn::parse_net(text, "x");
    if (fovea::nn::print_net(fovea::nn::parse_net(fovea::nn::print_net(net), "x")) != fovea::nn::print_net(net))
      __builtin_trap();
    fovea::nn::Network network(std::move(net));
  });
}
