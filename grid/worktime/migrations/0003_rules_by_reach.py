"""Rules by reach, limits without a number, rungs per rule with their channels, changes of the calendar."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import grid.worktime.models.rung_rule
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('areas', '0002_tier_order'),
        ('organisations', '0003_administrators'),
        ('worktime', '0002_shipped_rungs'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CalendarChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('what', models.JSONField()),
                ('first_on', models.DateField()),
                ('last_on', models.DateField()),
                ('year', models.PositiveSmallIntegerField(null=True)),
                ('done_at', models.DateTimeField(null=True)),
                ('moved', models.PositiveIntegerField(default=0)),
            ],
            options={
                'ordering': ['-at', '-pk'],
            },
        ),
        migrations.AlterModelOptions(
            name='rungrule',
            options={'ordering': ['code', 'unit', 'level', '-valid_from'], 'verbose_name': 'Rung rule', 'verbose_name_plural': 'Rung rules'},
        ),
        migrations.RemoveConstraint(
            model_name='deadlinerule',
            name='deadline_rule_once',
        ),
        migrations.RemoveConstraint(
            model_name='deadlinerule',
            name='deadline_rule_length',
        ),
        migrations.RemoveConstraint(
            model_name='deadlinerule',
            name='deadline_rule_validity',
        ),
        migrations.RemoveConstraint(
            model_name='deadlinerule',
            name='deadline_rule_binds',
        ),
        migrations.RemoveConstraint(
            model_name='deadlinerule',
            name='deadline_rule_extension_has_somebody',
        ),
        migrations.RemoveConstraint(
            model_name='rungrule',
            name='rung_rule_once',
        ),
        migrations.RemoveConstraint(
            model_name='rungrule',
            name='rung_rule_validity',
        ),
        migrations.AddField(
            model_name='calendaryear',
            name='confirmed_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='deadlinerule',
            name='ended_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='Ended at'),
        ),
        migrations.AddField(
            model_name='deadlinerule',
            name='ended_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='deadlinerule',
            name='extend_times',
            field=models.PositiveSmallIntegerField(blank=True, default=1, help_text='Empty means as often as is agreed.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='How often it may be extended'),
        ),
        migrations.AddField(
            model_name='deadlinerule',
            name='made_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='Written at'),
        ),
        migrations.AddField(
            model_name='deadlinerule',
            name='made_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='deadlinerule',
            name='pause_for',
            field=models.CharField(blank=True, help_text='For example 听证.', max_length=80, verbose_name='What it may be paused for'),
        ),
        migrations.AddField(
            model_name='deadlinerule',
            name='pause_for_en',
            field=models.CharField(blank=True, max_length=80, verbose_name='What it may be paused for, in English'),
        ),
        migrations.AddField(
            model_name='rungrule',
            name='channels',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('portal', 'Portal'), ('email', 'E-mail'), ('sms', 'Text message'), ('chat', 'Work chat')], max_length=10), default=grid.worktime.models.rung_rule.portal_only, help_text='The portal is always among them.', size=None, verbose_name='Channels'),
        ),
        migrations.AddField(
            model_name='rungrule',
            name='code',
            field=models.CharField(blank=True, help_text='The code of a deadline rule; empty means every rule in this unit.', max_length=40, verbose_name='Only for the rule'),
        ),
        migrations.AddField(
            model_name='rungrule',
            name='ended_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='Ended at'),
        ),
        migrations.AddField(
            model_name='rungrule',
            name='ended_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='rungrule',
            name='made_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='Written at'),
        ),
        migrations.AddField(
            model_name='rungrule',
            name='made_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='rungrule',
            name='office_hours',
            field=models.BooleanField(default=True, help_text='Outside the portal a message then waits for the next office hours.', verbose_name='Only in office hours'),
        ),
        migrations.AlterField(
            model_name='deadlinerule',
            name='binds',
            field=models.CharField(choices=[('office', 'The office in charge'), ('petitioner', 'The petitioner'), ('outside', 'An outside body'), ('watch', 'Nobody; it only watches')], default='office', max_length=10, verbose_name='Binds'),
        ),
        migrations.AlterField(
            model_name='deadlinerule',
            name='extend_by',
            field=models.CharField(blank=True, choices=[('unit_head', 'The head of the office'), ('superior', 'The superior that assigned it'), ('parties', 'The parties, by agreement'), ('outside', 'The outside body itself')], max_length=20, verbose_name='Who may extend'),
        ),
        migrations.AlterField(
            model_name='deadlinerule',
            name='extend_max',
            field=models.PositiveIntegerField(blank=True, default=0, help_text='All extensions together, in the unit of the rule; 0 means never, empty no ceiling.', null=True, verbose_name='Longest extension'),
        ),
        migrations.AlterField(
            model_name='deadlinerule',
            name='length',
            field=models.PositiveIntegerField(blank=True, help_text='Empty where the law names no number: whoever starts the deadline sets it.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='Length'),
        ),
        migrations.AddConstraint(
            model_name='deadlinerule',
            constraint=models.UniqueConstraint(condition=models.Q(('valid_until', None), ('valid_until__gt', models.F('valid_from')), _connector='OR'), fields=('code', 'statutory', 'organisation', 'area', 'category', 'valid_from'), name='deadline_rule_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='deadlinerule',
            constraint=models.CheckConstraint(condition=models.Q(('length', None), ('length__gt', 0), _connector='OR'), name='deadline_rule_length'),
        ),
        migrations.AddConstraint(
            model_name='deadlinerule',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until', None), ('valid_until__gte', models.F('valid_from')), _connector='OR'), name='deadline_rule_validity'),
        ),
        migrations.AddConstraint(
            model_name='deadlinerule',
            constraint=models.CheckConstraint(condition=models.Q(('binds__in', ['office', 'petitioner', 'outside', 'watch'])), name='deadline_rule_binds'),
        ),
        migrations.AddConstraint(
            model_name='deadlinerule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('extend_by', ''), ('extend_max', 0)), models.Q(('extend_by__in', ['unit_head', 'superior', 'parties', 'outside']), models.Q(('extend_max', None), ('extend_max__gt', 0), _connector='OR')), _connector='OR'), name='deadline_rule_extension_has_somebody'),
        ),
        migrations.AddConstraint(
            model_name='deadlinerule',
            constraint=models.CheckConstraint(condition=models.Q(('extend_times', None), ('extend_times__gt', 0), _connector='OR'), name='deadline_rule_extended_at_least_once'),
        ),
        migrations.AddConstraint(
            model_name='deadlinerule',
            constraint=models.CheckConstraint(condition=models.Q(('may_pause', True), ('pause_for', ''), _connector='OR'), name='deadline_rule_pauses_for_something'),
        ),
        migrations.AddConstraint(
            model_name='rungrule',
            constraint=models.UniqueConstraint(condition=models.Q(('valid_until', None), ('valid_until__gt', models.F('valid_from')), _connector='OR'), fields=('code', 'unit', 'level', 'valid_from'), name='rung_rule_once'),
        ),
        migrations.AddConstraint(
            model_name='rungrule',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until', None), ('valid_until__gte', models.F('valid_from')), _connector='OR'), name='rung_rule_validity'),
        ),
        migrations.AddConstraint(
            model_name='rungrule',
            constraint=models.CheckConstraint(condition=models.Q(('channels__contained_by', ['portal', 'email', 'sms', 'chat']), ('channels__contains', ['portal'])), name='rung_rule_channels'),
        ),
        migrations.AddField(
            model_name='calendarchange',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='calendarchange',
            index=models.Index(condition=models.Q(('done_at', None)), fields=['at'], name='calendar_change_to_do'),
        ),
        migrations.AddConstraint(
            model_name='calendarchange',
            constraint=models.CheckConstraint(condition=models.Q(('last_on__gte', models.F('first_on'))), name='calendar_change_span'),
        ),
    ]
