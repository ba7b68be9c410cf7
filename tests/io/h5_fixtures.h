// Small files of each schema, and bytes to damage them with.
#pragma once

#include <array>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/temporary_folder.h"
#include "io/captions_file.h"
#include "io/checkpoint_file.h"
#include "io/heatmaps_file.h"
#include "io/images_file.h"
#include "io/poses_file.h"

namespace fovea::test {

inline std::vector<std::byte> bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto* data = reinterpret_cast<const std::byte*>(text.data());
  return {data, data + text.size()};
}

inline void put(const std::string& path, const std::vector<std::byte>& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

inline io::RootAttributes root_attributes() {
  io::RootAttributes root;
  root.tool = "bn-train test";
  root.parameters = R"({"epochs":2,"learning-rate":0.1})";
  root.command_line = R"(["bn-train","test"])";
  root.seed = 7;
  root.inputs = {{"images", "set.h5", "fovea.images", "00112233445566778899aabbccddeeff"}};
  return root;
}

// `count` images of 8x8x3 with labels 0..2, every second with an object and a caption; the items [first, first+count).
inline std::string write_images(const std::string& path, int count, int first = 0,
                                std::array<int32_t, 2> shard = {0, 1}, io::WriterOptions options = {}) {
  io::ImagesLayout layout;
  layout.storage = io::PixelStorage::kRaw;
  layout.height = layout.width = 8;
  layout.channels = 3;
  layout.labels = layout.paths = layout.splits = layout.objects = layout.difficult = layout.captions = true;
  layout.label_set = {"circle", "square", "triangle"};
  layout.root_hint = "images";
  io::RootAttributes root = root_attributes();
  root.shard = shard;
  io::ImagesWriter writer(path, root, layout, options);
  for (int i = first; i < first + count; ++i) {
    std::vector<uint8_t> pixels(8 * 8 * 3);
    for (size_t p = 0; p < pixels.size(); ++p) pixels[p] = static_cast<uint8_t>(static_cast<size_t>(i) * 31 + p * p);
    io::ImageRecord record;
    record.id = "image" + std::to_string(i * i);
    record.path = record.id + ".png";
    record.split = i % 4 == 0 ? "test" : "train";
    record.height = record.width = 8;
    record.label = i % 4 - 1;
    record.pixels = pixels;
    if (i % 2 == 0) {
      record.objects = {{1, 2, 3, static_cast<float>(i), i % 3, i % 4 == 0}};
      record.captions = {"a shape", "caption " + std::to_string(i)};
    }
    writer.add(record);
  }
  return writer.finish();
}

inline io::CheckpointData checkpoint_data() {
  io::CheckpointData data;
  data.network = "fovea-net 1\ninput name=data height=2 width=2 channels=1\ndense name=fc out=3\n";
  data.preprocess_json = R"({"order":"rgb"})";
  data.model = {{"fc", "weight", {40, 50}, std::vector<float>(2000, 0.5f)}, {"fc", "bias", {3}, {1, 2, 3}}};
  data.labels = {"a", "b", "c"};
  data.has_optimizer = true;
  data.optimizer_name = "sgd";
  data.optimizer_step = 42;
  data.learning_rate = 0.125;
  data.schedule_json = "{}";
  data.optimizer_extra["momentum"] = 0.9;
  data.optimizer = {{"velocity", "fc", "bias", {3}, {0.1f, 0.2f, 0.3f}}};
  data.has_training = true;
  data.training = {{"stage", "main"}, {"epoch", 3}, {"best_metric", 0.75}};
  data.rng = {7, 0, ~uint64_t{0}};
  data.sampler = {3, 128};
  data.log_steps = {10, 20};
  data.log = {{"loss", {1.5, 0.5}}, {"accuracy", {0.25, 0.75}}};
  return data;
}

inline std::string write_log(const std::string& path) {
  return io::write_log_file(path, root_attributes(), {10, 20, 30}, {{"loss", {3, 2, 1}}, {"lr", {0.1, 0.1, 0.01}}});
}

// `count` images of a 2x3 grid with 0, 1 or 2 captions each; the items [first, first+count).
inline std::string write_captions(const std::string& path, int count, int first = 0,
                                  std::array<int32_t, 2> shard = {0, 1}, io::WriterOptions options = {}) {
  io::CaptionsLayout layout;
  layout.vocabulary = {"<end>", "<unk>", "a", "dog", "caf\u00e9"};
  layout.kind = "soft";
  layout.beam = 2;
  layout.grid = {2, 3};
  layout.gate = true;
  io::RootAttributes root = root_attributes();
  root.shard = shard;
  io::CaptionsWriter writer(path, root, layout, options);
  for (int i = first; i < first + count; ++i) {
    std::vector<io::GeneratedCaption> captions;
    for (int rank = 0; rank < i % 3; ++rank) {
      io::GeneratedCaption caption;
      caption.tokens = {2, rank == 0 ? 3 : 4, 0};
      caption.text = rank == 0 ? "a dog" : "a caf\u00e9";
      caption.logprob = -1.5 - i - rank;
      caption.beam_rank = rank;
      for (int t = 0; t < 18; ++t) caption.attention.push_back(t % 6 == (i + rank) % 6 ? 0.75F : 0.05F);
      caption.gate = {0.25F, 0.5F, 1.0F};
      captions.push_back(caption);
    }
    writer.add("image" + std::to_string(i), captions);
  }
  return writer.finish();
}

// Two images, three people with two joints; one joint is absent.
inline io::PoseSet pose_set() {
  io::PoseSet set;
  set.image_ids = {"a.jpg", "b.jpg"};
  set.image_sizes = {60, 90, 48, 64};
  set.joint_names = {"left_wrist", "right_wrist"};
  set.flip_pairs = {0, 1};
  set.edges = {0, 1};
  set.image = {0, 1, 1};
  set.xy = {1, 2, 3, 4, 5.5F, 6.25F, 7, 8, 9, 10, -1, 12};
  set.state = {2, 0, 1, 2, 2, 2};
  set.torso_box = {0, 0, 9, 9, 1, 1, 8, 8, 2, 2, 7, 7};
  set.split = {"train", "test", "test"};
  return set;
}

inline std::string write_heat_maps(const std::string& path) {
  io::HeatMapsWriter writer(path, root_attributes(), {{"left_wrist", "right_wrist"}, 30, 45, false, true});
  for (const char* id : {"a.jpg#0", "b.jpg#0"}) {
    const std::vector<float> maps(2 * 30 * 45, 0.25F), torso(30 * 45, 0.5F);
    io::PersonHeatMaps person;
    person.item_id = id;
    person.detector = maps;
    person.torso = torso;
    writer.add(person);
  }
  return writer.finish();
}

// The error that `action` throws; fails the test if there is none.
template <typename Action>
Error error_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::kInternal, "no error was thrown");
}

}  // namespace fovea::test
