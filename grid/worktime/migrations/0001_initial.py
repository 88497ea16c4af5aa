"""Calendar tables, deadline rules and rung rules."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('areas', '0001_initial'),
        ('organisations', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='CalendarDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField(unique=True, verbose_name='Date')),
                ('kind', models.CharField(choices=[('workday', 'Working day'), ('restday', 'Rest day'), ('holiday', 'Public holiday'), ('makeup', 'Make-up working day')], max_length=10, verbose_name='Kind of day')),
                ('name', models.CharField(blank=True, help_text='For example 国庆节.', max_length=60, verbose_name='Name of the day')),
                ('name_en', models.CharField(blank=True, max_length=60, verbose_name='Name in English')),
                ('source', models.CharField(help_text='The notice that fixes this day.', max_length=200, verbose_name='Source')),
            ],
            options={
                'verbose_name': 'Calendar day',
                'verbose_name_plural': 'Calendar days',
                'ordering': ['-on'],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['workday', 'restday', 'holiday', 'makeup'])), name='calendar_day_kind')],
            },
        ),
        migrations.CreateModel(
            name='CalendarYear',
            fields=[
                ('year', models.PositiveSmallIntegerField(primary_key=True, serialize=False, validators=[django.core.validators.MinValueValidator(2004), django.core.validators.MaxValueValidator(2200)], verbose_name='Year')),
                ('confirmed_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='Confirmed at')),
                ('source', models.CharField(help_text='The holiday notice of that year.', max_length=200, verbose_name='Source')),
            ],
            options={
                'verbose_name': 'Confirmed year',
                'verbose_name_plural': 'Confirmed years',
                'ordering': ['-year'],
                'constraints': [models.CheckConstraint(condition=models.Q(('year__gte', 2004), ('year__lte', 2200)), name='calendar_year_range')],
            },
        ),
        migrations.CreateModel(
            name='RungRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('unit', models.CharField(choices=[('day', 'Calendar day'), ('workday', 'Working day'), ('hour', 'Hour')], max_length=10, verbose_name='Unit')),
                ('level', models.PositiveSmallIntegerField(help_text='1 yellow, 2 orange, 3 red; a person decides on 4 and 5, no clock does.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)], verbose_name='Level')),
                ('share', models.DecimalField(blank=True, decimal_places=6, help_text='0.333333 is read as one third.', max_digits=7, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0.000001')), django.core.validators.MaxValueValidator(Decimal('1'))], verbose_name='Share of the period left')),
                ('left_days', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='Days left')),
                ('left_hours', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='Hours left')),
                ('told', models.CharField(choices=[('handler', 'Handler'), ('section_head', 'Section head'), ('unit_head', 'Head of the unit'), ('superior', 'Superior organisation')], help_text='Everybody nearer to the case is told as well.', max_length=20, verbose_name='Told up to')),
                ('valid_from', models.DateField(verbose_name='In force from')),
                ('valid_until', models.DateField(blank=True, help_text='The first day it no longer holds.', null=True, verbose_name='In force until')),
            ],
            options={
                'verbose_name': 'Rung rule',
                'verbose_name_plural': 'Rung rules',
                'ordering': ['unit', 'level', '-valid_from'],
                'constraints': [models.UniqueConstraint(fields=('unit', 'level', 'valid_from'), name='rung_rule_once'), models.CheckConstraint(condition=models.Q(('unit__in', ['day', 'workday', 'hour'])), name='rung_rule_unit'), models.CheckConstraint(condition=models.Q(('told__in', ['handler', 'section_head', 'unit_head', 'superior'])), name='rung_rule_told'), models.CheckConstraint(condition=models.Q(('level__gte', 1), ('level__lte', 5)), name='rung_rule_level'), models.CheckConstraint(condition=models.Q(('share', None), models.Q(('share__gt', 0), ('share__lte', 1)), _connector='OR'), name='rung_rule_share'), models.CheckConstraint(condition=models.Q(models.Q(('left_days', None), ('unit', 'hour')), models.Q(models.Q(('unit', 'hour'), _negated=True), ('left_hours', None)), _connector='OR'), name='rung_rule_left_in_its_unit'), models.CheckConstraint(condition=models.Q(('valid_until', None), ('valid_until__gt', models.F('valid_from')), _connector='OR'), name='rung_rule_validity')],
            },
        ),
        migrations.CreateModel(
            name='DeadlineRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=40, verbose_name='Code')),
                ('kind', models.CharField(max_length=30, verbose_name='Kind of case')),
                ('label', models.CharField(max_length=80, verbose_name='Label')),
                ('label_en', models.CharField(max_length=80, verbose_name='Label in English')),
                ('basis', models.CharField(max_length=200, verbose_name='Legal basis')),
                ('basis_en', models.CharField(max_length=200, verbose_name='Legal basis in English')),
                ('length', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='Length')),
                ('unit', models.CharField(choices=[('day', 'Calendar day'), ('workday', 'Working day'), ('hour', 'Hour')], max_length=10, verbose_name='Unit')),
                ('binds', models.CharField(choices=[('office', 'The office in charge'), ('petitioner', 'The petitioner'), ('outside', 'An outside body')], default='office', max_length=10, verbose_name='Binds')),
                ('extend_by', models.CharField(blank=True, max_length=40, verbose_name='Who may extend')),
                ('extend_max', models.PositiveIntegerField(default=0, help_text='In the unit of the rule; 0 means never.', verbose_name='Longest extension')),
                ('may_pause', models.BooleanField(default=False, verbose_name='May be paused')),
                ('rolls', models.BooleanField(default=True, help_text='An end on a rest day moves to the next working day (Civil Code, article 203).', verbose_name='Rolls over rest days')),
                ('statutory', models.BooleanField(default=False, verbose_name='Set by statute')),
                ('category', models.CharField(blank=True, max_length=40, verbose_name='Only for the category')),
                ('valid_from', models.DateField(verbose_name='In force from')),
                ('valid_until', models.DateField(blank=True, help_text='The first day it no longer holds.', null=True, verbose_name='In force until')),
                ('area', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deadline_rules', to='areas.area', verbose_name='Only for the area')),
                ('base', models.ForeignKey(blank=True, limit_choices_to={'statutory': True}, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='local_rules', to='worktime.deadlinerule', verbose_name='Statutory rule it shortens')),
                ('organisation', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deadline_rules', to='organisations.organisation', verbose_name='Only for the organisation')),
            ],
            options={
                'verbose_name': 'Deadline rule',
                'verbose_name_plural': 'Deadline rules',
                'ordering': ['code', '-valid_from'],
                'constraints': [models.UniqueConstraint(fields=('code', 'organisation', 'area', 'category', 'valid_from'), name='deadline_rule_once', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('length__gt', 0)), name='deadline_rule_length'), models.CheckConstraint(condition=models.Q(('valid_until', None), ('valid_until__gt', models.F('valid_from')), _connector='OR'), name='deadline_rule_validity'), models.CheckConstraint(condition=models.Q(models.Q(('unit', 'hour'), _negated=True), ('rolls', False), _connector='OR'), name='deadline_rule_hours_never_roll'), models.CheckConstraint(condition=models.Q(('unit__in', ['day', 'workday', 'hour'])), name='deadline_rule_unit'), models.CheckConstraint(condition=models.Q(('binds__in', ['office', 'petitioner', 'outside'])), name='deadline_rule_binds'), models.CheckConstraint(condition=models.Q(('extend_max', 0), models.Q(('extend_by', ''), _negated=True), _connector='OR'), name='deadline_rule_extension_has_somebody'), models.CheckConstraint(condition=models.Q(('statutory', False), ('base', None), _connector='OR'), name='deadline_rule_statutory_has_no_base')],
            },
        ),
    ]
