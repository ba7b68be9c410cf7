# What a Makefile needs around the tools: trainings that continue, commands in shares that 'make -j' runs side by side,
# and a broom. With these rules 'make -j4' may be interrupted at any moment and goes on when it is called again:
#
#   include /usr/share/fovea/fovea.mk
#
#   net.ckpt.h5: set.h5
#           bn-train train --data $< --net cifar-conv-bn --resume $(save)
#
#   parts := $(call shards,boxes.h5,8)
#   $(parts): set.h5
#           rcnn-propose run --images $< --threads 1 $(shard)
#   boxes.h5: $(parts)
#           rcnn-propose merge $(merge)
#
#   clean-temp   removes temporary files that a crash left in OUT (default: here) and below, when they are a day old

# A checkpoint gets its name when its training has ended; one that was stopped stays a .part and goes on from there.
part = $(@:.ckpt.h5=.part.ckpt.h5)
save = -o $(part) && mv $(part) $@

# $(call shards,boxes.h5,8) is boxes.0-of-8.h5 to boxes.7-of-8.h5. They go when they are merged, and are not missed
# then; after an interruption those that are there stay.
shards = $(eval .SECONDARY: $(shards_of))$(shards_of)
shards_of = $(foreach i,$(shell seq 0 $$(($(2) - 1))),$(1:.h5=).$(i)-of-$(2).h5)
shard = --shard $(subst -of-,/,$(lastword $(subst ., ,$(basename $@)))) -o $@
merge = -o $@ $^ && rm -f $^

# The tools remove their temporary files, except when they are killed with -9. The Makefile's own first rule stays the
# default.
fovea_goal := $(.DEFAULT_GOAL)
.PHONY: clean-temp
clean-temp:
	find $(or $(OUT),.) -name '.*.[0-9]*.[0-9]*.tmp' -type f -mtime +0 -print -delete
.DEFAULT_GOAL := $(fovea_goal)
