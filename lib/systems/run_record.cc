#include "systems/run_record.h"

#include "base/file.h"

namespace fovea {

io::RootAttributes run_record(const cli::Invocation& invocation) {
  io::RootAttributes root;
  root.tool = invocation.tool_and_verb();
  root.parameters = invocation.parameters_json;
  root.command_line = invocation.command_line_json;
  root.seed = invocation.common.seed;
  root.shard = {invocation.common.shard.index, invocation.common.shard.count};
  return root;
}

io::WriterOptions writer_options(const cli::Invocation& invocation) {
  io::WriterOptions options;
  options.no_clobber = invocation.common.no_clobber;
  options.compress = invocation.common.compress.value_or(-1);
  return options;
}

io::InputRecord input_record(const std::string& role, const data::ImageSource& source) {
  return {role, recorded_path(source.name()), source.schema(), source.content_hash()};
}

io::InputRecord input_record(const std::string& role, const train::Model& model) {
  return {role, recorded_path(model.path), "fovea.checkpoint", model.hash};
}

train::LoopOptions loop_options(const cli::Invocation& invocation, const std::string& output, int64_t steps) {
  const cli::CommonOptions& common = invocation.common;
  train::LoopOptions loop;
  loop.output = output;
  loop.steps = steps;
  loop.checkpoint_steps = common.checkpoint_every.steps;
  loop.checkpoint_seconds = common.checkpoint_every.seconds;
  loop.keep = common.keep;
  loop.max_time = common.max_time;
  loop.resume = common.resume;
  loop.no_clobber = common.no_clobber;
  loop.compress = common.compress.value_or(-1);
  return loop;
}

void print_table(const eval::Table& table, const cli::Invocation& invocation) {
  write_stdout(table.text(eval::parse_table_format(invocation.common.format)));
}

}  // namespace fovea
