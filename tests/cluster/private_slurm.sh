# shellcheck shell=bash
# A Slurm of one node for a test, after '. expect.sh': without systemd, and apart from a Slurm of the machine; all its
# files are in $dir/slurm. It pretends to have four processors. Partitions: 'low', whose jobs go back into the queue
# when one of 'high' wants their processors, after 20 seconds of grace.
#   slurm_start                     or ends the test: 77 (skipped) without the packages, 1 if Slurm does not come up
#   slurm_idle SECONDS              waits until no job runs or waits
#   job_ended ID                    no longer in the queue
#   wait_for SECONDS COMMAND...     until it succeeds
#   slurm_before_time_limits LEAST  waits until so many seconds or a few more remain until it looks at time limits
# It stops when the test ends.
PATH=$PATH:/usr/sbin:/sbin

slurm_start() {
  local tool
  for tool in munged slurmctld slurmd sbatch setsid; do
    if ! command -v "$tool" >/dev/null; then
      printf 'skipped: no %s (Debian packages slurmctld slurmd slurm-client munge)\n' "$tool"
      exit 77
    fi
  done
  # Variables of a job in which the test itself may run, and of the user, must not get into it.
  unset "${!SLURM_@}" "${!SBATCH_@}" "${!SRUN_@}" "${!MUNGE_@}"
  # shellcheck disable=SC2154  # expect.sh sets it
  local at=$dir/slurm host user port
  host=$(hostname -s)
  user=$(id -un)
  port=$((20000 + RANDOM % 10000))
  while (exec 3<>"/dev/tcp/127.0.0.1/$port" || exec 3<>"/dev/tcp/127.0.0.1/$((port + 1))") 2>/dev/null; do
    port=$((port + 2))
  done
  mkdir -p "$at/state" "$at/spool"
  (umask 077 && head -c 128 /dev/urandom >"$at/munge.key")
  # cred_expire is also how long a job that was put back waits; by default two minutes.
  cat >"$at/slurm.conf" <<CONF
ClusterName=fovea-test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$at/munge.socket,cred_expire=5
StateSaveLocation=$at/state
SlurmdSpoolDir=$at/spool
SlurmctldPidFile=$at/slurmctld.pid
SlurmdPidFile=$at/slurmd.pid
SlurmctldLogFile=$at/slurmctld.log
SlurmdLogFile=$at/slurmd.log
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
ReturnToService=2
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=bf_interval=1,sched_interval=1,sched_min_interval=0,batch_sched_delay=0
KillWait=5
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=low Nodes=$host Default=YES PriorityTier=1 PreemptMode=REQUEUE GraceTime=20
PartitionName=high Nodes=$host PriorityTier=10 PreemptMode=OFF
CONF
  # When the test ends it stops all of it; when it is killed, this does, which is no child of it.
  trap 'slurm_stop; rm -rf "$dir"' EXIT
  # shellcheck disable=SC2016
  (setsid bash -c "$(declare -f slurm_kill)"';
    while kill -0 "$1"; do sleep 0.5; done; slurm_kill "$2"; rm -rf "$2"' - $$ "$dir" >/dev/null 2>&1 &)
  export SLURM_CONF=$at/slurm.conf
  slurm_began=$SECONDS
  # --force: the folder of a test is closed to others.
  daemon munged -F --force --key-file="$at/munge.key" --socket="$at/munge.socket" --pid-file="$at/munge.pid" \
    --log-file="$at/munge.log" --seed-file="$at/munge.seed"
  wait_for 10 test -S "$at/munge.socket"
  daemon slurmctld -D
  daemon slurmd -D
  if ! wait_for 20 node_is_idle; then
    printf 'FAILED: Slurm does not start\n'
    tail -n 20 "$at"/*.log "$at"/*.out
    trap 'slurm_kill "$dir" 2>/dev/null; rm -rf "$dir"' EXIT  # nobody to ask for jobs
    exit 1
  fi
}
daemon() {
  "$@" >"$dir/slurm/$1.out" 2>&1 &
}
# wait_for SECONDS COMMAND...: until it succeeds, at most so long.
wait_for() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    if [ "$SECONDS" -ge "$end" ]; then return 1; fi
    sleep 0.1
  done
}
node_is_idle() { [ "$(sinfo -h -p low -o %T 2>/dev/null)" = idle ]; }
job_ended() { [ -z "$(squeue -h -j "$1" 2>/dev/null)" ]; }
no_jobs() { [ -z "$(squeue -h)" ]; }
slurm_idle() { wait_for "$1" no_jobs; }

# slurmctld does that every 30 seconds from its start.
slurm_before_time_limits() {
  local remain
  while remain=$((30 - (SECONDS - slurm_began) % 30)) && [ "$remain" -lt "$1" ] || [ "$remain" -gt $(($1 + 5)) ]; do
    sleep 0.2
  done
}

# Jobs first; what then still lives is killed.
slurm_stop() {
  local process
  scancel -u "$(id -un)"
  slurm_idle 10
  mapfile -t process < <(jobs -p)
  kill "${process[@]}"
  wait
  slurm_kill "$dir"
} 2>/dev/null
# slurm_kill FOLDER: every process whose environment names the configuration in it.
slurm_kill() {
  local process
  for process in /proc/[0-9]*; do
    if tr '\0' '\n' <"$process/environ" | grep -qxF "SLURM_CONF=$1/slurm/slurm.conf"; then
      kill -KILL "${process#/proc/}"
    fi
  done
  sleep 0.2
}
