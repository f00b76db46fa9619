//! A cgroup is created, or a process moves to another one.
//!
//! Hooks: `cgroup_mkdir(struct cgroup *cgrp, const char *path)`, in
//! `cgroup_mkdir` (kernel/cgroup/cgroup.c), and `cgroup_attach_task(struct
//! cgroup *dst_cgrp, const char *path, struct task_struct *task, bool
//! threadgroup)`, in `cgroup_attach_task`. They fire for every hierarchy; only
//! [`fields::CGROUP_HIERARCHY`] is traced. User space finds existing cgroups in the
//! file system. Sends: [`Cgroup`], [`Moved`], within the user's budget.

use aya_ebpf::helpers::bpf_probe_read_kernel_str_bytes;
use tracer_common::wire::{Cgroup, Moved, Who};

use crate::{
    fields::{self, get},
    hook::{Arguments, hooks},
    kernel::{Access, Struct},
    ring_buffer::{header, may_send, send_in_place, send_within_budget},
    task::current,
};

hooks! {
    created: tp_btf cgroup_mkdir, raw_tp raw_cgroup_mkdir;
    attached: tp_btf cgroup_attach_task, raw_tp raw_cgroup_attach_task;
}

const HOST: Who = Who {
    pid: 0,
    tgid: 0,
    start: 0,
    leader_start: 0,
};

#[inline(always)]
fn is_traced<A: Access>(cgroup: Struct<A>) -> bool {
    let hierarchy: u32 = cgroup
        .probed()
        .follow(&fields::CGROUP_ROOT)
        .read(&fields::ROOT_HIERARCHY);
    u64::from(hierarchy) == get(&fields::CGROUP_HIERARCHY)
}

#[inline(always)]
fn id<A: Access>(cgroup: Struct<A>) -> u64 {
    cgroup
        .probed()
        .follow(&fields::CGROUP_KN)
        .read(&fields::KN_ID)
}

#[inline(always)]
fn created(ctx: &impl Arguments) {
    let cgroup = ctx.pointer(0);
    if is_traced(cgroup) && may_send::<Cgroup>(current().user()) {
        send_in_place::<Cgroup>(|record| {
            record.head = header::<Cgroup>(HOST);
            record.id = id(cgroup);
            record.zero = 0;
            // SAFETY: a helper read of a kernel string, bounded by the array.
            let path = unsafe {
                bpf_probe_read_kernel_str_bytes(ctx.number(1) as *const u8, &mut record.path)
            };
            record.path_len = path.map_or(0, <[u8]>::len) as u32;
        });
    }
}

#[inline(always)]
fn attached(ctx: &impl Arguments) {
    let (cgroup, task) = (ctx.pointer(0), ctx.pointer(2));
    if is_traced(cgroup) {
        send_within_budget(current().user(), || Moved {
            head: header::<Moved>(task.who()),
            cgroup: id(cgroup),
        });
    }
}
